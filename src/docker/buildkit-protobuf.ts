/**
 * As much of protobuf as BuildKit's messages need: fields with a number, varints and length-delimited values. Written
 * by hand because three message types do not justify a schema compiler in the product.
 */

export type ProtobufField = {
  readonly number: number;
  /** A varint's or fixed number's value; 0 for a length-delimited field. */
  readonly value: number;
  /** A length-delimited field's bytes; empty for numbers. */
  readonly bytes: Buffer;
};

/** All fields of a message in wire order. @throws RangeError when the message is cut short or of another format */
export function readFields(message: Buffer): readonly ProtobufField[] {
  const fields: ProtobufField[] = [];
  let offset = 0;
  while (offset < message.length) {
    const key = readVarint(message, offset);
    const wireType = key.value & 7;
    const read = readValue(message, key.next, wireType);
    fields.push({ number: key.value >>> 3, value: read.value, bytes: read.bytes });
    offset = read.next;
  }
  return fields;
}

/** A length-delimited field on the wire. */
export function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

type Read = { readonly value: number; readonly bytes: Buffer; readonly next: number };
const NO_BYTES = Buffer.alloc(0);

function readValue(message: Buffer, offset: number, wireType: number): Read {
  switch (wireType) {
    case 0: {
      const { value, next } = readVarint(message, offset);
      return { value, bytes: NO_BYTES, next };
    }
    case 1:
      return { value: 0, bytes: NO_BYTES, next: offset + 8 };
    case 2: {
      const length = readVarint(message, offset);
      const end = length.next + length.value;
      if (end > message.length) throw new RangeError("protobuf message is cut short");
      return { value: 0, bytes: message.subarray(length.next, end), next: end };
    }
    case 5:
      return { value: 0, bytes: NO_BYTES, next: offset + 4 };
    default:
      throw new RangeError(`protobuf wire type ${wireType} is not known`);
  }
}

/** Exact up to 2^53, which no length or enum here exceeds. */
function readVarint(message: Buffer, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  let factor = 1;
  for (let offset = start; offset < message.length; offset += 1) {
    const byte = message[offset] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: offset + 1 };
    factor *= 128;
  }
  throw new RangeError("protobuf message is cut short");
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
