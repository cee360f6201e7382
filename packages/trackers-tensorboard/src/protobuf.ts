// The little of the wire format of protocol buffers that events take: https://protobuf.dev/programming-guides/encoding

/** A part of a message: the number of its field, and its bytes. */
type Part = Buffer;

/** How the bytes of a field are laid out. */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
type Wire = (typeof WIRE)[keyof typeof WIRE];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  // Not by bits: a step may have more than 32 of them.
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}

const tag = (field: number, wire: Wire): Buffer => varint(field * 8 + wire);

/** A whole number of at least 0. The default, 0, is left out, as in proto3. */
export const integerField = (field: number, value: number): Part =>
  value === 0 ? Buffer.alloc(0) : Buffer.concat([tag(field, WIRE.varint), varint(value)]);

export function doubleField(field: number, value: number): Part {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, WIRE.fixed64), bytes]);
}

/** A number of 32 bits that is written even if it is 0, as one of a `oneof` is. */
export function floatField(field: number, value: number): Part {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, WIRE.fixed32), bytes]);
}

/** A text, some bytes, or a message in the message. */
export function bytesField(field: number, value: string | Uint8Array | readonly Part[]): Part {
  const bytes = typeof value === 'string' ? Buffer.from(value) : Array.isArray(value) ? Buffer.concat(value) : value;
  return Buffer.concat([tag(field, WIRE.bytes), varint((bytes as Uint8Array).length), bytes as Uint8Array]);
}

/** A field that was read. Numbers of fixed width, and bytes, are views of the message. */
export interface Field {
  readonly field: number;
  readonly value: number | Buffer;
}

/** Reads the fields of a message in their order. @throws RangeError if the bytes are no message. */
export function* readFields(message: Uint8Array): Generator<Field> {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('A field ends after its message');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const head = number();
    const field = Math.floor(head / 8);
    switch (head % 8) {
      case WIRE.varint:
        yield { field, value: number() };
        break;
      case WIRE.fixed64:
        yield { field, value: take(8) };
        break;
      case WIRE.bytes:
        yield { field, value: take(number()) };
        break;
      case WIRE.fixed32:
        yield { field, value: take(4) };
        break;
      default:
        throw new RangeError(`Fields of the kind ${head % 8} are not known`);
    }
  }
}
