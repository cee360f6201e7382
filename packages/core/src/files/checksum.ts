import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { parseJson } from './json.js';

/** Sorts the keys of all objects in a value, so that equal values give equal JSON. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, canonical(entry)]),
  );
}

/** Returns the SHA-256 hash of a JSON value as 64 hex digits. The order of object keys does not matter. */
export function hashJson(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(value)))
    .digest('hex');
}

/** Returns the SHA-256 hash of bytes as 64 hex digits. */
export const hashBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Returns the SHA-256 hash of a file's content as 64 hex digits. @throws the error of Node if it cannot be read. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** A document with the hash of everything else in it. */
export type Sealed<T extends object> = T & { readonly checksum: string };

/** Returns an object as JSON holds it, with the hash of its content in the field `checksum`. */
export function seal<T extends object>(value: T): Sealed<T> {
  const { checksum: _, ...content } = JSON.parse(JSON.stringify(value)) as T & { checksum?: unknown };
  return { ...(content as unknown as T), checksum: hashJson(content) };
}

/** State of a sealed file. `none`: there is no file, or an older version wrote it, without a checksum. */
export type SealedFile<T> =
  | { readonly state: 'intact'; readonly value: T }
  | { readonly state: 'damaged' }
  | { readonly state: 'none' };

/** Reads a JSON file that was written with `seal`. A file that is no JSON, or holds something else, is damaged. */
export function readSealed<T>(path: string): SealedFile<T> {
  let value: unknown;
  try {
    value = parseJson(readFileSync(path, 'utf8'));
  } catch (error) {
    return { state: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'damaged' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { state: 'damaged' };
  const { checksum, ...content } = value as { readonly checksum?: unknown };
  if (checksum === undefined) return { state: 'none' };
  return hashJson(content) === checksum ? { state: 'intact', value: content as T } : { state: 'damaged' };
}
