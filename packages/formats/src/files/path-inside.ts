import { isAbsolute, relative, resolve, sep } from 'node:path';
import { MedbenchError } from '@medbench/core';

/**
 * The path of `name` below a folder. @throws MedbenchError('data') naming `place` if the name leads out of the folder.
 */
export function pathInside(folder: string, name: string, place: string): string {
  const root = resolve(folder);
  const file = resolve(root, name);
  const path = relative(root, file);
  const outside = path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  if (!outside && !isAbsolute(name) && !name.includes('\0')) return file;
  throw new MedbenchError('data', `${place} names the image "${name.slice(0, 200)}", which is not inside ${folder}`, {
    hint: 'Names must be relative to the folder of the images.',
  });
}
