/** What a command works with: the outside, where its output goes, the server, and the signal that Ctrl-C aborts. */

import { ApiClient } from "./api-client.ts";
import type { CliDeps } from "./cli-deps.ts";
import { defaultProject } from "./default-project.ts";
import { Interrupted, OutputClosed } from "./exit-codes.ts";
import { findServer } from "./find-server.ts";
import { Output } from "./output.ts";

export class CliContext {
  readonly deps: CliDeps;
  readonly output: Output;
  readonly #controller = new AbortController();
  #stopListening: (() => void) | undefined;

  constructor(deps: CliDeps, isJson: boolean) {
    this.deps = deps;
    this.output = new Output(deps, isJson);
    // Stays to the end of the process: the news that nobody reads may come after the command has ended.
    deps.stdout.on("error", (error) => {
      const isClosed = "code" in error && error.code === "EPIPE";
      this.#controller.abort(isClosed ? new OutputClosed() : error);
    });
  }

  /**
   * Aborted by Ctrl-C (reason: Interrupted) and when nobody reads standard output any more (OutputClosed). Only a
   * command that asks for it takes the signals; for others they end the process as usual.
   */
  get signal(): AbortSignal {
    this.#stopListening ??= this.deps.onInterrupt(() => this.#controller.abort(new Interrupted()));
    return this.#controller.signal;
  }

  /**
   * A client of the server to use. The first answer of another version is warned of, and the command goes on.
   * @throws AppError `unauthorized` or `unavailable` when no server is known
   */
  async connect(): Promise<ApiClient> {
    const { url, token } = await findServer(this.deps);
    const project = await defaultProject(this.deps, url);
    let isChecked = false;
    const onVersion = (version: string): void => {
      if (!isChecked && version !== this.deps.version) {
        this.output.warn(
          `this is slipway ${this.deps.version}, the server at ${url} is ${version}; use the same version`,
        );
      }
      isChecked = true;
    };
    return new ApiClient(url, token, onVersion, project);
  }

  /** Stops listening to signals. */
  close(): void {
    this.#stopListening?.();
  }
}
