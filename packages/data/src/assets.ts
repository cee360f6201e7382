import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

// `assets` lies beside `src` and beside `dist`, and this module is at the top of either.
const file = (name: string): string => fileURLToPath(new URL(`../assets/${name}`, import.meta.url));

/** Text of a gzipped file of this package. */
export function gzippedAsset(name: string): string {
  return gunzipSync(readFileSync(file(name))).toString('utf8');
}
