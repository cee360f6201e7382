import type { MedbenchError } from '@medbench/core';
import { cutShort } from '../files/damaged.js';

/** Reads the arguments of a pickle's opcodes, one after the other. Each method throws MedbenchError('data') at the end. */
export class PickleBytes {
  private readonly view: DataView;
  private at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly path: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The error for a pickle whose bytes make no sense here. */
  damaged(why: string): MedbenchError {
    return cutShort(this.path, `is no whole pickle: ${why} at byte ${this.at}`);
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

  /** Big endian, the only one of the format. */
  f64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** A whole number of any length, little endian, two's complement. */
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

  /** The rest of the line, without its end. */
  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw this.damaged('it ends');
    const found = this.text(end - this.at, 'latin1');
    this.at++;
    return found;
  }

  /** A number written in a line; Python 2 ends long ones with L. */
  number(written = this.line()): number {
    const value = Number(written.replace(/L$/, ''));
    if (written.trim() === '' || Number.isNaN(value)) throw this.damaged('a number is none');
    return value;
  }

  /** Steps over bytes. @returns where they begin. */
  private take(count: number): number {
    if (!(count >= 0 && this.at + count <= this.bytes.length)) throw this.damaged('it ends');
    this.at += count;
    return this.at - count;
  }
}
