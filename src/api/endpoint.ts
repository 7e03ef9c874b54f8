/**
 * How one call of the API is described: what it takes and what it answers when all goes well, as zod schemas. Types that
 * servers and clients share are derived from it; see contract.ts.
 */

import type { z } from "zod";

export type Endpoint = {
  /** One word: where it stands in the document. */
  readonly tags: readonly [string];
  readonly summary: string;
  readonly querystring?: z.ZodType;
  readonly body?: z.ZodType;
  /** The one status of success and its body; null: none. */
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
};

/** Names of the parameters in a path: `p` and `s` of `/api/projects/:p/services/:s`. */
export type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | PathParams<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

type Outcome<E extends Endpoint> = E["answers"][keyof E["answers"]];

/** The body of a success; undefined where there is none. */
export type AnswerOf<E extends Endpoint> = Outcome<E> extends z.ZodType ? z.output<Outcome<E>> : undefined;

/** What a caller may write into the query and the body. */
export type QueryInput<E extends Endpoint> = E extends { readonly querystring: infer Q extends z.ZodType }
  ? z.input<Q>
  : undefined;
export type BodyInput<E extends Endpoint> = E extends { readonly body: infer B extends z.ZodType }
  ? z.input<B>
  : undefined;

/** The same as a handler gets it: checked, with defaults. */
export type QueryOutput<E extends Endpoint> = E extends { readonly querystring: infer Q extends z.ZodType }
  ? z.output<Q>
  : undefined;
export type BodyOutput<E extends Endpoint> = E extends { readonly body: infer B extends z.ZodType }
  ? z.output<B>
  : undefined;
