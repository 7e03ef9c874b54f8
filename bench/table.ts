/** Results as rows: what was measured, in which unit, what was hoped for. */

export type Row = {
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
};

export function printTable(title: string, rows: readonly Row[]): void {
  const width = (pick: (row: Row) => string): number => Math.max(...rows.map((row) => pick(row).length));
  const [whatWidth, valueWidth] = [width((r) => r.what), width((r) => r.value)];
  console.log(`\n${title}`);
  for (const { what, value, goal = "" } of rows)
    console.log(`  ${what.padEnd(whatWidth)}  ${value.padStart(valueWidth)}  ${goal}`.trimEnd());
}

/** The p-th quantile (0 to 1) of the values. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
