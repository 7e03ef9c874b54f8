/**
 * Keeps a list of the functions that others started by the naming convention (design 9). Told of changes by the engine;
 * nothing is polled, and nothing there is ever changed but the network, which is made when it is missing.
 */

import { type AdoptedFunction, type AdoptedFunctions, adoptedFunctions, FAASO_PREFIX } from "../domain/adoption.ts";
import type { AdoptionDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";

export type AdoptionOptions = {
  readonly driver: AdoptionDriver;
  /** The network of the convention, `faaso-net`. */
  readonly network: string;
  /** Names that no function may have. */
  readonly reservedNames: readonly string[];
  /** Called when the list or the host's address has changed. */
  readonly publish: () => Promise<void>;
  readonly logger: Logger;
};

export class Adoption implements AdoptedFunctions {
  readonly #options: AdoptionOptions;
  readonly #stopped = new AbortController();
  #functions: readonly AdoptedFunction[] = [];
  #hostAddress: string | null = null;
  #looking: Promise<void> | undefined;
  #wantsLook = false;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  list(): readonly AdoptedFunction[] {
    return this.#functions;
  }

  /** The host's own address on the network; null until it is known. */
  get hostAddress(): string | null {
    return this.#hostAddress;
  }

  /**
   * Looks once, so that a table published afterwards has what serves already, and watches from then on. An engine that
   * is away is waited for by the watching.
   */
  async start(): Promise<void> {
    const { driver, network } = this.#options;
    this.#change();
    await this.#looking;
    driver.watchOutside(network, FAASO_PREFIX, () => this.#change(), this.#stopped.signal);
  }

  /** Ends watching; resolves when a look that is under way has ended. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#looking;
  }

  /** Changes that come while it looks are answered by one further look. */
  #change(): void {
    this.#wantsLook = true;
    this.#looking ??= this.#lookAll().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookAll(): Promise<void> {
    while (this.#wantsLook && !this.#stopped.signal.aborted) {
      this.#wantsLook = false;
      try {
        await this.#look();
      } catch (error) {
        // An engine that went away announces its return, and everything is looked at then.
        if (isAppError(error, "unavailable")) return;
        this.#options.logger.warn({ err: error }, "containers started outside could not be looked at");
      }
    }
  }

  async #look(): Promise<void> {
    const { driver, network, reservedNames, publish, logger } = this.#options;
    const hostAddress = await driver.ensureSharedNetwork(network);
    const functions = adoptedFunctions(await driver.listOutside(network, FAASO_PREFIX), reservedNames);
    const before = JSON.stringify([this.#hostAddress, this.#functions]);
    if (JSON.stringify([hostAddress, functions]) === before) return;
    const known = new Set(this.#functions.map(({ name }) => name));
    for (const { name } of functions)
      if (!known.delete(name)) logger.info({ name }, "a function started outside is adopted");
    for (const name of known) logger.info({ name }, "a function started outside is gone");
    this.#hostAddress = hostAddress;
    this.#functions = functions;
    await publish();
  }
}
