import { MedbenchError } from '@medbench/core';

/** A place in a data set on the hub. */
export interface HubAddress {
  /** `owner/name` */
  readonly name: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** A file, a folder, or a pattern; empty for the whole data set. */
  readonly path: string;
}

const ADDRESS = /^hf:\/\/datasets\/([\w.-]+\/[\w.-]+)(?:@([^/]+))?(?:\/(.*))?$/;

export const isHubAddress = (address: string): boolean => address.startsWith('hf://');

/**
 * Parses `hf://datasets/OWNER/NAME[@REVISION][/PATH]`, the form that `huggingface_hub` and `datasets` use. A revision
 * that holds `/` is written with `%2F`.
 * @throws MedbenchError('config') for anything else.
 */
export function parseHubAddress(address: string): HubAddress {
  const match = ADDRESS.exec(address);
  const path = match?.[3] ?? '';
  if (match && !path.split('/').includes('..')) {
    return { name: match[1]!, revision: decodeURIComponent(match[2] ?? 'main'), path: path.replace(/\/+$/, '') };
  }
  throw new MedbenchError('config', `"${address}" is not an address of data on the hub`, {
    hint: 'It reads hf://datasets/OWNER/NAME/PATH, or hf://datasets/OWNER/NAME@REVISION/PATH.',
  });
}

/** The address of a file at a commit. */
export const hubFileAddress = (name: string, commit: string, path: string): string =>
  `hf://datasets/${name}@${encodeURIComponent(commit)}/${path}`;

/** The folder that a pattern cannot leave: all parts before its first `*`. */
export function patternFolder(path: string): string {
  const parts = path.split('/');
  const star = parts.findIndex((part) => part.includes('*'));
  return star < 0 ? path : parts.slice(0, star).join('/');
}

/** Tests paths against a pattern: `*` stands for anything within a part, `**` for any parts. */
export function patternTest(pattern: string): (path: string) => boolean {
  const source = pattern.replace(/\*\*\/?|\*|[\\^$.|?+()[\]{}]/g, (found) => {
    if (found === '**/') return '(?:.*/)?';
    if (found === '**') return '.*';
    return found === '*' ? '[^/]*' : `\\${found}`;
  });
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}
