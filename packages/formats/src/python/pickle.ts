import { stat } from 'node:fs/promises';
import { MedbenchError } from '@medbench/core';
import { readBytes, unreadable } from '@medbench/data/files';
import { type PickleItem, PickleObject, unpickle } from './unpickle.js';

/** Values of a pickle of plain data. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PickleValue[]
  | { readonly [key: string]: PickleValue };

/** Maximum nesting depth; deeper data is not a table. */
const MAX_DEPTH = 100;

/**
 * Reads a pickle of plain data (protocols 0 to 5): None, booleans, numbers, texts, bytes, lists, tuples, dictionaries.
 * Nothing in it is ever executed. Tuples become lists, and keys of dictionaries, which may be no containers, become
 * texts.
 * @param maxBytes Maximum size of the file. Default 512 MiB.
 * @throws MedbenchError('data') naming the file: missing, damaged, or the opcode of anything that is not plain data.
 */
export async function readPickle(path: string, { maxBytes = 512 * 2 ** 20 } = {}): Promise<PickleValue> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (size > maxBytes) throw new MedbenchError('data', `${path} has ${size} bytes, more than ${maxBytes}`);
  const bytes = await readBytes(path);
  // A container that occurs in many places is copied into each: a small file could ask for endless copies.
  const budget = { items: Math.max(1e6, 8 * bytes.length) };
  return toPlain(unpickle(bytes, path), path, 0, new Set(), budget);
}

/** The text of a key. Keys that are containers are refused: a text of nested ones can be longer than any memory. */
function keyText(key: PickleItem, path: string): string {
  if (typeof key !== 'object' || key === null) return String(key);
  const kind = key instanceof Uint8Array ? 'bytes' : 'a container';
  throw new MedbenchError('data', `${path} has a dictionary whose key is ${kind}`, {
    hint: 'It is not the expected table: keys must be texts or numbers.',
  });
}

/**
 * Turns dictionaries into objects without a prototype. Refuses a value that contains itself or is nested too deeply.
 */
function toPlain(
  item: PickleItem,
  path: string,
  depth: number,
  above: Set<PickleItem>,
  budget: { items: number },
): PickleValue {
  if (--budget.items < 0) throw new MedbenchError('data', `${path} repeats its values without end`);
  if (item === null || typeof item !== 'object' || item instanceof Uint8Array) return item;
  if (item instanceof PickleObject) throw new MedbenchError('data', `${path} is more than plain data`);
  if (depth > MAX_DEPTH || above.has(item)) {
    throw new MedbenchError('data', `${path} holds a value within itself, or nested more than ${MAX_DEPTH} deep`);
  }
  above.add(item);
  let value: PickleValue;
  if (item instanceof Map) {
    const object = Object.create(null) as Record<string, PickleValue>;
    for (const [key, child] of item) object[keyText(key, path)] = toPlain(child, path, depth + 1, above, budget);
    value = object;
  } else value = item.map((child) => toPlain(child, path, depth + 1, above, budget));
  above.delete(item);
  return value;
}
