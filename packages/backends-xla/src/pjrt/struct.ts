import { addressOf } from '@medbench/backend-kit';
import { type FieldName, LAYOUTS, type Layout, type StructName } from './layouts.js';

/** A value of a field: a pointer or number, a boolean, or an array or struct whose address is meant. */
export type FieldValue = bigint | number | boolean | null | ArrayBufferView | { readonly address: bigint };

/** Values of some fields of a struct. */
export type FieldValues<Name extends StructName> = { readonly [Field in FieldName<Name>]?: FieldValue };

/** An argument struct at a fixed address. It keeps alive what its pointers point to. */
export class Struct<Name extends StructName> {
  readonly address: bigint;
  /** The struct itself, as an argument of a call, which keeps it alive until it returns. */
  readonly bytes: Buffer;
  readonly #layout: Layout;
  readonly #kept: unknown[] = [];

  constructor(name: Name, values: FieldValues<Name> = {}) {
    this.#layout = LAYOUTS[name];
    this.bytes = Buffer.alloc(this.#layout.allocated);
    this.address = addressOf(this.bytes);
    this.bytes.writeBigUInt64LE(BigInt(this.#layout.size), 0);
    for (const [field, value] of Object.entries(values))
      this.set(field as FieldName<Name>, value as FieldValue | undefined);
  }

  set(field: FieldName<Name>, value: FieldValue | undefined): void {
    const { kind, offset } = this.#layout.fields[field]!;
    if (kind === 'p') this.bytes.writeBigUInt64LE(BigInt.asUintN(64, this.#pointer(value)), offset);
    else if (kind === 'i') this.bytes.writeInt32LE(Number(value), offset);
    else this.bytes[offset] = value ? 1 : 0;
  }

  /** The value of a pointer or a 64-bit integer. */
  pointer(field: FieldName<Name>): bigint {
    return this.bytes.readBigUInt64LE(this.#layout.fields[field]!.offset);
  }

  /** The value of a 32-bit integer. */
  integer(field: FieldName<Name>): number {
    return this.bytes.readInt32LE(this.#layout.fields[field]!.offset);
  }

  /** The value of a boolean. */
  flag(field: FieldName<Name>): boolean {
    return this.bytes[this.#layout.fields[field]!.offset] !== 0;
  }

  /** Keeps an object alive as long as this struct. */
  keep(value: unknown): void {
    this.#kept.push(value);
  }

  #pointer(value: FieldValue | undefined): bigint {
    if (value === null || value === undefined) return 0n;
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return BigInt(value);
    this.#kept.push(value);
    return ArrayBuffer.isView(value) ? addressOf(value) : value.address;
  }
}

/** An array of pointers, never empty: a pointer to it is never null. */
export function pointerArray(values: readonly bigint[]): BigUint64Array {
  const list = new BigUint64Array(Math.max(1, values.length));
  list.set(values);
  return list;
}
