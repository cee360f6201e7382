import type { MedbenchError } from '@medbench/core';
import { cutShort } from '../files/damaged.js';

/**
 * Reads the arguments of a pickle's opcodes in order. Each method throws MedbenchError('data') at the end of the bytes.
 */
export class PickleBytes {
  private readonly view: DataView;
  private position = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly path: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The error for a pickle whose bytes make no sense at this position. */
  damaged(why: string): MedbenchError {
    return cutShort(this.path, `is not a complete pickle: ${why} at byte ${this.position}`);
  }

  u8(): number {
    return this.bytes[this.take(1)]!;
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  u64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  /** A float of 64 bits, the only big-endian value of the format. */
  f64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** An integer of any length, little endian, two's complement. */
  integer(length: number): number {
    let value = 0n;
    const from = this.take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i]!);
    if (length > 0 && this.bytes[from + length - 1]! >= 128) value -= 1n << BigInt(8 * length);
    return Number(value);
  }

  text(length: number, encoding: 'utf8' | 'latin1' = 'utf8'): string {
    const from = this.take(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, length).toString(encoding);
  }

  blob(length: number): Uint8Array {
    const from = this.take(length);
    return this.bytes.slice(from, from + length);
  }

  /** The rest of the line, without its line feed. */
  line(): string {
    const end = this.bytes.indexOf(10, this.position);
    if (end < 0) throw this.damaged('it ends');
    const content = this.text(end - this.position, 'latin1');
    this.position++;
    return content;
  }

  /** A number written as a line of text; Python 2 ends long integers with L. */
  number(digits = this.line()): number {
    const value = Number(digits.replace(/L$/, ''));
    if (digits.trim() === '' || Number.isNaN(value)) throw this.damaged('a number is invalid');
    return value;
  }

  /** Advances over bytes. @returns their offset. */
  private take(count: number): number {
    if (!(count >= 0 && this.position + count <= this.bytes.length)) throw this.damaged('it ends');
    this.position += count;
    return this.position - count;
  }
}
