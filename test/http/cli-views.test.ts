/**
 * What the command line reads of answers that are not in the contract yet must be what the server's schemas say. The
 * comparison is the compiler's: a field that the server does not send, or of another type, does not compile.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import type { DeploymentView as ContractDeployment } from "../../src/api/views.ts";
import type * as Cli from "../../src/cli/api-views.ts";
import type {
  deployAnswerSchema,
  functionSchema,
  functionWithImagesSchema,
  runtimeSchema,
  runtimeWithContentSchema,
  scaleAnswerSchema,
} from "../../src/http/view-schemas.ts";

/** Every answer of type `Server` can be read as `Client`. */
type Reads<Client, Server extends Client> = Server;

type Checked = [
  Reads<Cli.FunctionView, z.output<typeof functionSchema>>,
  Reads<Cli.FunctionView, z.output<typeof functionWithImagesSchema>>,
  Reads<Cli.DeploymentView, ContractDeployment>,
  Reads<Cli.DeployAnswer, Present<z.output<typeof deployAnswerSchema>>>,
  Reads<Cli.ScaleAnswer, z.output<typeof scaleAnswerSchema>>,
  Reads<Cli.RuntimeView, z.output<typeof runtimeSchema>>,
  Reads<Cli.RuntimeView, z.output<typeof runtimeWithContentSchema>>,
];

/** Fields that may be left out are never sent as undefined: JSON has none. */
type Present<T> = { [K in keyof T]: Partial<Pick<T, K>> extends Pick<T, K> ? Exclude<T[K], undefined> : T[K] };

test("the command line's types are those of the server's schemas", () => {
  const count: Checked["length"] = 7;
  assert.equal(count, 7);
});
