import { MedbenchError } from '@medbench/core';

/**
 * Refuses yarn's Plug'n'Play. It has no folders of packages, in which medbench finds plugins and native libraries.
 * @param version of Plug'n'Play, which yarn sets in the processes that it starts.
 * @throws MedbenchError('usage') with the setting that helps.
 */
export function refusePlugAndPlay(version: string | undefined = process.versions.pnp): void {
  if (version === undefined) return;
  throw new MedbenchError('usage', "medbench does not run under yarn's Plug'n'Play", {
    hint: 'Write "nodeLinker: node-modules" into .yarnrc.yml and run yarn install.',
  });
}
