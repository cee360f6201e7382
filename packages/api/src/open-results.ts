import type { OpenedResults } from '@medbench/hub';
import type { HubEnvironment } from '@medbench/remote';
import { cacheFolder } from './workspace.js';

/**
 * Makes results available on this machine, by the environment of the process: a run folder, a results folder, or
 * `hf://datasets/OWNER/NAME[@REVISION]`, which is downloaded into the cache.
 * @throws as `openResults`.
 */
export async function openNamedResults(source: string, log?: (message: string) => void): Promise<OpenedResults> {
  const { openResults } = await import('@medbench/hub');
  return openResults(source, {
    environment: process.env as HubEnvironment,
    cacheRoot: cacheFolder(process.cwd()),
    ...(log ? { log } : {}),
  });
}
