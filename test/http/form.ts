/** Multipart forms written by hand, right and wrong ones: order, quoting, boundaries and missing names as wanted. */

export type Part = {
  readonly name: string;
  readonly value: string | Uint8Array;
  /** The file's name; absent: a text field. */
  readonly file?: string;
  readonly type?: string;
};

export type Form = { readonly payload: Buffer; readonly headers: Readonly<Record<string, string>> };

export function formOf(parts: readonly Part[], options: { readonly boundary?: string } = {}): Form {
  const boundary = options.boundary ?? "----slipway-test-boundary";
  const chunks = parts.flatMap(({ name, value, file, type }) => {
    const filename = file === undefined ? "" : `; filename="${file}"`;
    const contentType = type ?? (file === undefined ? undefined : "application/octet-stream");
    const typeLine = contentType === undefined ? "" : `Content-Type: ${contentType}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n${typeLine}\r\n`;
    return [Buffer.from(head), Buffer.from(value), Buffer.from("\r\n")];
  });
  const quoted = /^[\w'+.-]+$/.test(boundary) ? boundary : `"${boundary}"`;
  return {
    payload: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
    headers: { "content-type": `multipart/form-data; boundary=${quoted}` },
  };
}
