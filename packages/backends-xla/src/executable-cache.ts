import { join } from 'node:path';
import { ProgramCache } from '@medbench/backend-trace';
import { errorMessage, type LoadOptions } from '@medbench/core';
import type { Client, CompileOptions, Executable } from './pjrt/index.js';

/** Format of the cached files, part of their key. Increase the number when the format changes. */
const FORMAT = 'executable, 1';

/** The compiled programs of a folder for one device. */
export function executableCache(
  folder: string,
  client: Client,
  options: CompileOptions,
  threads: number | undefined,
  log: LoadOptions['log'] = () => {},
): ProgramCache {
  const { plugin, platform, platformVersion, deviceKind } = client;
  const dependencies = [
    JSON.stringify([FORMAT, plugin.api, plugin.attributes(), platform, platformVersion, deviceKind, options, threads]),
  ];
  return new ProgramCache({ folder: join(folder, 'executables'), suffix: '.xla.gz', dependencies, log });
}

/**
 * Compiles a program, or loads it from the cache. One that the plugin refuses is compiled again.
 * @throws PjrtError in the compiler's words.
 */
export async function compileCached(
  client: Client,
  { text, model }: { readonly text: string; readonly model: Uint8Array },
  options: CompileOptions,
  cache: ProgramCache | undefined,
): Promise<{ readonly executable: Executable; readonly cached: boolean }> {
  const kept = await cache?.read(model);
  if (kept) {
    try {
      return { executable: await client.load(kept), cached: true };
    } catch (error) {
      await cache!.discard(model, errorMessage(error));
    }
  }
  const executable = await client.compile(text, options);
  await cache?.write(model, () => executable.serialize());
  return { executable, cached: false };
}
