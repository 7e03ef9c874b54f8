/** A multipart/form-data body with a text part and a streamed file part, never whole in memory. */

import { randomHex } from "../lib/ids.ts";

export type MultipartBody = { readonly contentType: string; readonly body: ReadableStream<Uint8Array> };

/** First the field, then the file: the receiver knows what it gets before it gets it. */
export function multipartBody(
  field: { readonly name: string; readonly value: string },
  file: { readonly name: string; readonly fileName: string; readonly content: AsyncIterable<Uint8Array> },
): MultipartBody {
  const boundary = `slipway-${randomHex(16)}`;
  const fileName = file.fileName.replace(/["\r\n\\]/g, "_");
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${field.name}"\r\n\r\n${field.value}\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="${file.name}"; filename="${fileName}"\r\n` +
        "Content-Type: application/octet-stream\r\n\r\n",
    );
    yield* file.content;
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: ReadableStream.from(parts()) };
}
