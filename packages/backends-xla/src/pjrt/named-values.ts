import { addressOf, copyBytes, copyText } from '@medbench/backend-kit';
import { LAYOUTS } from './layouts.js';

/** A value of an attribute of a plugin, or of an option of its client. */
export type NamedValue = string | boolean | number | readonly number[];

/** Types of `PJRT_NamedValue`. */
const TYPE = { string: 0, int64: 1, int64List: 2, float: 3, bool: 4 } as const;
const { allocated, size, fields } = LAYOUTS.NamedValue;
const OFFSET = {
  name: fields.name!.offset,
  nameSize: fields.nameSize!.offset,
  type: fields.type!.offset,
  value: fields.value!.offset,
  valueSize: fields.valueSize!.offset,
} as const;

/** Options as an array of structs, and what must stay alive with it. */
export interface WrittenValues {
  readonly bytes: Buffer;
  readonly count: number;
  readonly keep: readonly unknown[];
}

/** Writes options of a client. Whole numbers are 64-bit integers, others float. */
export function writeNamedValues(options: Readonly<Record<string, NamedValue>>): WrittenValues {
  const entries = Object.entries(options);
  const bytes = Buffer.alloc(Math.max(1, entries.length) * allocated);
  const keep: unknown[] = [];
  const pointTo = (array: ArrayBufferView, offset: number): void => {
    keep.push(array);
    bytes.writeBigUInt64LE(addressOf(array), offset);
  };
  entries.forEach(([name, value], i) => {
    const start = i * allocated;
    const key = Buffer.from(name);
    bytes.writeBigUInt64LE(BigInt(size), start);
    pointTo(key, start + OFFSET.name);
    bytes.writeBigUInt64LE(BigInt(key.length), start + OFFSET.nameSize);
    const write = (type: number, length: number): void => {
      bytes.writeInt32LE(type, start + OFFSET.type);
      bytes.writeBigUInt64LE(BigInt(length), start + OFFSET.valueSize);
    };
    if (typeof value === 'string') {
      const text = Buffer.from(value);
      write(TYPE.string, text.length);
      pointTo(text, start + OFFSET.value);
    } else if (typeof value === 'boolean') {
      write(TYPE.bool, 1);
      bytes[start + OFFSET.value] = value ? 1 : 0;
    } else if (typeof value === 'number') {
      write(Number.isInteger(value) ? TYPE.int64 : TYPE.float, 1);
      if (Number.isInteger(value)) bytes.writeBigInt64LE(BigInt(value), start + OFFSET.value);
      else bytes.writeFloatLE(value, start + OFFSET.value);
    } else {
      write(TYPE.int64List, value.length);
      pointTo(BigInt64Array.from(value, BigInt), start + OFFSET.value);
    }
  });
  return { bytes, count: entries.length, keep };
}

/** Reads `count` attributes at an address. */
export function readNamedValues(address: bigint, count: number): Record<string, NamedValue> {
  const values: Record<string, NamedValue> = {};
  for (let i = 0; i < count; i++) {
    const entry = Buffer.from(copyBytes(address + BigInt(i * allocated), allocated));
    const name = copyText(entry.readBigUInt64LE(OFFSET.name), entry.readBigUInt64LE(OFFSET.nameSize));
    const length = entry.readBigUInt64LE(OFFSET.valueSize);
    const pointer = entry.readBigUInt64LE(OFFSET.value);
    switch (entry.readInt32LE(OFFSET.type)) {
      case TYPE.string:
        values[name] = copyText(pointer, length);
        break;
      case TYPE.int64:
        values[name] = Number(entry.readBigInt64LE(OFFSET.value));
        break;
      case TYPE.int64List:
        values[name] = [...new BigInt64Array(copyBytes(pointer, 8 * Number(length)).buffer as ArrayBuffer)].map(Number);
        break;
      case TYPE.float:
        values[name] = entry.readFloatLE(OFFSET.value);
        break;
      default:
        values[name] = entry[OFFSET.value] !== 0;
    }
  }
  return values;
}
