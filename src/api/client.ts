/**
 * The API as one typed function: what may be sent to a call and what comes back is what the contract says. It loads no
 * schema; how a request travels is the transport's matter (fetch, undici, a test's inject).
 */

import type { Call, Contract } from "./contract.ts";
import type { AnswerOf, BodyInput, PathParams, QueryInput } from "./endpoint.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export type Request = {
  readonly method: string;
  /** With its parameters filled in. */
  readonly path: string;
  readonly query: Query;
  /** JSON; undefined: none. */
  readonly body: unknown;
};

/** Sends a request and answers the parsed body of a success, undefined when it has none. @throws its own errors for others */
export type Transport = (request: Request) => Promise<unknown>;

type PathOf<C extends Call> = C extends `${string} ${infer Path}` ? Path : never;
type Given<Name extends string, T> = [T] extends [undefined]
  ? unknown
  : undefined extends T
    ? { readonly [K in Name]?: T }
    : { readonly [K in Name]: T };
type Params<C extends Call> = [PathParams<PathOf<C>>] extends [never]
  ? unknown
  : { readonly params: { readonly [K in PathParams<PathOf<C>>]: string } };

/** What a call needs: the parameters of its path, its query and its body, each only where there is one. */
export type Wish<C extends Call> = Params<C> &
  Given<"query", Partial<QueryInput<Contract[C]>> | undefined> &
  Given<"body", BodyInput<Contract[C]>>;

export type Answer<C extends Call> = AnswerOf<Contract[C]>;

/** Calls that answer a slice of a list. */
export type ListCall = {
  [C in Call]: Answer<C> extends { readonly total_count: number } ? C : never;
}[Call];
type Item<C extends ListCall> = Answer<C> extends { readonly data: readonly (infer T)[] } ? T : never;

export type ApiClient = {
  ask<C extends Call>(call: C, wish: Wish<C>): Promise<Answer<C>>;
  /** A whole list, slice after slice. */
  all<C extends ListCall>(call: C, wish: Wish<C>): Promise<readonly Item<C>[]>;
};

/** Items in one slice of a whole list. */
const SLICE = 100;

type Loose = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly body?: unknown;
};

export function apiClient(send: Transport): ApiClient {
  const ask = (call: string, { params = {}, query = {}, body }: Loose): Promise<unknown> => {
    const [method = "", template = ""] = call.split(" ");
    const path = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
    return send({ method, path, query, body });
  };
  const all = async (call: string, wish: Loose): Promise<readonly unknown[]> => {
    const items: unknown[] = [];
    for (;;) {
      const query = { ...wish.query, limit: SLICE, offset: items.length };
      const slice = (await ask(call, { ...wish, query })) as { readonly data: unknown[]; readonly total_count: number };
      items.push(...slice.data);
      if (slice.data.length === 0 || items.length >= slice.total_count) return items;
    }
  };
  return { ask, all } as ApiClient;
}
