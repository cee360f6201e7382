import { resolve } from 'node:path';
import { EXIT } from '../errors.js';
import { cacheFolder } from '../workspace.js';

export interface CheckFlags {
  readonly data?: string;
  readonly json?: boolean;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/**
 * `medbench check DIR`.
 * @returns 0, or 1 if anything is wrong.
 * @throws MedbenchError('usage') if there is no plugin package.
 */
export async function check(dir: string, { data, json }: CheckFlags): Promise<number> {
  const { checkPackage, pluginFolders } = await import('@medbench/plugin-check');
  const cwd = process.cwd();
  const options = { dataRoot: resolve(cwd, data ?? process.env.MEDBENCH_DATA ?? 'data'), cacheRoot: cacheFolder(cwd) };
  const checked = [];
  let faults = 0;
  for (const folder of pluginFolders(resolve(cwd, dir))) {
    const found = await checkPackage(folder, options);
    faults += found.faults.length;
    checked.push({ ...found, dir: folder });
    if (json) continue;
    console.log(`${found.name}: ${found.plugins.join(', ') || 'no plugin'}`);
    for (const fault of found.faults) console.log(`  fault: ${fault}`);
    for (const note of found.notes) console.log(`  note: ${note}`);
  }
  if (json) console.log(JSON.stringify(checked, null, 1));
  else console.log(`\n${counted(checked.length, 'package')}, ${counted(faults, 'fault')}`);
  return faults > 0 ? EXIT.failed : EXIT.ok;
}
