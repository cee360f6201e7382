import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of docs/, with a final slash. */
export const docs = fileURLToPath(new URL('..', import.meta.url));

/** Writes a generated file below docs/reference/. */
export function writeGenerated(path, text) {
  const file = `${docs}reference/${path}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text.trimEnd()}\n`);
}
