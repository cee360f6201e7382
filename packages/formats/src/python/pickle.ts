import { stat } from 'node:fs/promises';
import { MedbenchError } from '@medbench/core';
import { readBytes, unreadable } from '@medbench/data/files';
import { type Item, unpickle } from './unpickle.js';

/** What a pickle of plain data holds. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PickleValue[]
  | { readonly [key: string]: PickleValue };

/** Nested deeper, it is no table. */
const MAX_DEPTH = 100;

/**
 * Reads a pickle of plain data (protocols 0 to 5): None, truth values, numbers, texts, bytes, lists, tuples, dictionaries.
 * Nothing in it is ever carried out; tuples come as lists, keys of dictionaries as texts.
 * @param maxBytes Larger files are refused. Default 512 MiB.
 * @throws MedbenchError('data') naming the file: missing, damaged, or with the opcode of whatever is no plain data.
 */
export async function readPickle(path: string, { maxBytes = 512 * 2 ** 20 } = {}): Promise<PickleValue> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (size > maxBytes) throw new MedbenchError('data', `${path} has ${size} bytes, more than ${maxBytes}`);
  const bytes = await readBytes(path);
  // A container that is held in many places is copied into each: a small file could ask for endless copies.
  const budget = { items: Math.max(1e6, 8 * bytes.length) };
  return plain(unpickle(bytes, path), path, 0, new Set(), budget);
}

/** Dictionaries as objects without a prototype's names. A value that holds itself, or is nested too deeply, is refused. */
function plain(item: Item, path: string, depth: number, above: Set<Item>, budget: { items: number }): PickleValue {
  if (--budget.items < 0) throw new MedbenchError('data', `${path} repeats its values without end`);
  if (item === null || typeof item !== 'object' || item instanceof Uint8Array) return item;
  if (depth > MAX_DEPTH || above.has(item)) {
    throw new MedbenchError('data', `${path} holds a value within itself, or nested more than ${MAX_DEPTH} deep`);
  }
  above.add(item);
  let value: PickleValue;
  if (item instanceof Map) {
    const made = Object.create(null) as Record<string, PickleValue>;
    for (const [key, one] of item) made[String(key)] = plain(one, path, depth + 1, above, budget);
    value = made;
  } else value = item.map((one) => plain(one, path, depth + 1, above, budget));
  above.delete(item);
  return value;
}
