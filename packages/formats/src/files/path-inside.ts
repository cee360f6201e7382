import { isAbsolute, relative, resolve, sep } from 'node:path';
import { MedbenchError } from '@medbench/core';

/** A path below a folder. @throws MedbenchError('data') naming `place` for a name that leads out of it. */
export function pathInside(folder: string, name: string, place: string): string {
  const root = resolve(folder);
  const file = resolve(root, name);
  const path = relative(root, file);
  const out = path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  if (!out && !isAbsolute(name) && !name.includes('\0')) return file;
  throw new MedbenchError('data', `${place} names the image "${name.slice(0, 200)}", which is not inside ${folder}`, {
    hint: 'Names must be relative to the folder of the images.',
  });
}
