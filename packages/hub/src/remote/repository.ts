import { MedbenchError } from '@medbench/core';
import type { HubEnvironment } from '@medbench/remote';

/** A repository on the hub, in the terms of its library. */
export interface HubRepository {
  readonly type: 'model' | 'dataset';
  /** `owner/name`. */
  readonly name: string;
}

/** Where results are on the hub. */
export interface RemoteResults extends HubRepository {
  readonly type: 'dataset';
  /** A branch, tag or commit. */
  readonly revision: string;
}

const NAME = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
const SOURCE = /^hf:\/\/(?:(datasets|models|spaces)\/)?([^@]+?)(?:@([\w./-]+))?\/?$/;

/** Whether a source is on the hub, and no folder. */
export const isRemote = (source: string): boolean => source.startsWith('hf://');

/** @throws MedbenchError('usage') if the name is not `owner/name`. */
export function checkRepositoryName(name: string, flag: string): string {
  if (NAME.test(name) && !/\.\.|--|\.git$/.test(name)) return name;
  throw new MedbenchError('usage', `${flag} ${name} is not the name of a repository on the hub`, {
    hint: 'Write OWNER/NAME: your name or that of your organisation, and a name for what you push.',
  });
}

/**
 * Parses `hf://datasets/OWNER/NAME` or `hf://datasets/OWNER/NAME@REVISION`.
 * @throws MedbenchError('usage') for any other text.
 */
export function parseRemoteResults(source: string): RemoteResults {
  const [, kind, name = '', revision = 'main'] = SOURCE.exec(source) ?? [];
  if (kind === 'datasets' && NAME.test(name) && !revision.split('/').includes('..')) {
    return { type: 'dataset', name, revision };
  }
  throw new MedbenchError('usage', `${source} does not name results on the hub`, {
    hint: 'Write hf://datasets/OWNER/NAME, with @REVISION for a branch, a tag or a commit. medbench push --results makes such data sets.',
  });
}

/** The variables that say how the hub is reached, from a process or a test. */
export type { HubEnvironment };
