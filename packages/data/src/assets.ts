import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

// `assets` lies beside both `src` and `dist`, and this module is at the top level of either.
const assetPath = (name: string): string => fileURLToPath(new URL(`../assets/${name}`, import.meta.url));

/** Returns the text of a gzipped asset of this package. */
export function gzippedAsset(name: string): string {
  return gunzipSync(readFileSync(assetPath(name))).toString('utf8');
}
