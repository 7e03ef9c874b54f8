/**
 * How long requests took, by service, as a Prometheus histogram. prom-client's own observes single values; workers send
 * buckets that are filled already, so the few lines of text are written here.
 */

import { LATENCY_BUCKETS_MS } from "../domain/gateway.ts";

const NAME = "slipway_request_duration_seconds";

type Histogram = { readonly buckets: number[]; sumMs: number };

export class RequestDurations {
  readonly #services = new Map<string, Histogram>();

  /** `buckets` as in GatewayCounts: not cumulative, a last one open. */
  add(service: string, buckets: readonly number[], sumMs: number): void {
    const known = this.#services.get(service) ?? { buckets: [...LATENCY_BUCKETS_MS, 0].map(() => 0), sumMs: 0 };
    this.#services.set(service, known);
    known.buckets.forEach((n, i) => {
      known.buckets[i] = n + (buckets[i] ?? 0);
    });
    known.sumMs += sumMs;
  }

  /** Head lines, then every bucket of every service; `\n` ended. */
  text(): string {
    const series = [...this.#services].flatMap(([service, histogram]) => seriesOf(escapeLabel(service), histogram));
    return [
      `# HELP ${NAME} Requests to functions by duration until the answer's end`,
      `# TYPE ${NAME} histogram`,
      ...series,
    ]
      .map((line) => `${line}\n`)
      .join("");
  }
}

function seriesOf(service: string, { buckets, sumMs }: Histogram): readonly string[] {
  let total = 0;
  const lines = buckets.map((n, i) => {
    total += n;
    const boundMs = LATENCY_BUCKETS_MS[i];
    const bound = boundMs === undefined ? "+Inf" : String(boundMs / 1000);
    return `${NAME}_bucket{le="${bound}",service="${service}"} ${total}`;
  });
  return [
    ...lines,
    `${NAME}_sum{service="${service}"} ${sumMs / 1000}`,
    `${NAME}_count{service="${service}"} ${total}`,
  ];
}

function escapeLabel(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
