/** Between a record of the domain and its row: some fields become JSON text, booleans 0 and 1, the rest stays. */

/** A row: fields `Json` as text, fields `Flags` as 0 or 1. */
export type StoredRecord<T, Json extends keyof T, Flags extends keyof T> = {
  readonly [K in keyof T]: K extends Json ? string : K extends Flags ? number : T[K];
};

export class RecordCodec<T extends object, Json extends keyof T, Flags extends keyof T> {
  readonly #json: readonly Json[];
  readonly #flags: readonly Flags[];

  constructor(fields: { readonly json: readonly Json[]; readonly flags: readonly Flags[] }) {
    this.#json = fields.json;
    this.#flags = fields.flags;
  }

  /** A whole record, or a patch of one. */
  encode<P extends Partial<T>>(
    record: P,
  ): { [K in keyof P]: K extends Json ? string : K extends Flags ? number : P[K] };
  encode(record: Partial<T>): unknown {
    const row: Partial<Record<keyof T, unknown>> = { ...record };
    for (const field of this.#json) if (field in record) row[field] = JSON.stringify(record[field]);
    for (const field of this.#flags) if (field in record) row[field] = record[field] ? 1 : 0;
    return row;
  }

  decode(row: StoredRecord<T, Json, Flags>): T;
  decode(row: Record<keyof T, unknown>): unknown {
    const record = { ...row };
    for (const field of this.#json) record[field] = JSON.parse(String(row[field]));
    for (const field of this.#flags) record[field] = row[field] !== 0;
    return record;
  }
}
