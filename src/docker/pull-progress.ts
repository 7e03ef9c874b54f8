/** The engine's progress of a pull, hundreds of steps a second, as a few lines for people. */

/** A step as the engine tells it; without an id it is about the image, with one about a layer. */
export type PullStep = {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
};

type Layer = { readonly bytes: number; readonly totalBytes: number; readonly isDone: boolean };

/** Between two lines about layers, in milliseconds. */
const LINE_EVERY_MS = 500;
const DONE = /^(Pull complete|Already exists)$/;
const MB = 1_000_000;

export class PullProgress {
  readonly #now: () => number;
  readonly #layers = new Map<string, Layer>();
  #toldAt: number;

  /** @param now a clock in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#toldAt = now();
  }

  /** The line that is worth telling after this step, if any. */
  take({ id, status = "", progressDetail }: PullStep): string | undefined {
    // `Pulling from …` has the tag as its id.
    if (id === undefined || status.startsWith("Pulling from")) return status === "" ? undefined : status;
    const before = this.#layers.get(id) ?? { bytes: 0, totalBytes: 0, isDone: false };
    const isDone = DONE.test(status);
    const { current, total } = status === "Downloading" ? (progressDetail ?? {}) : {};
    this.#layers.set(id, { bytes: current ?? before.bytes, totalBytes: total ?? before.totalBytes, isDone });
    const isLast = isDone && [...this.#layers.values()].every((layer) => layer.isDone);
    if (!isLast && this.#now() - this.#toldAt < LINE_EVERY_MS) return undefined;
    this.#toldAt = this.#now();
    return this.#line();
  }

  #line(): string {
    const layers = [...this.#layers.values()];
    const sum = (of: (layer: Layer) => number): string =>
      (layers.reduce((all, layer) => all + of(layer), 0) / MB).toFixed(1);
    const done = layers.filter((layer) => layer.isDone).length;
    const bytes = `${sum((l) => (l.isDone ? l.totalBytes : l.bytes))} of ${sum((l) => l.totalBytes)} MB`;
    return `${done} of ${layers.length} layers done, ${bytes} downloaded`;
  }
}
