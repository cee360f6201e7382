import type { EngineId } from '@medbench/backends-xla/engines';
import { MedbenchError } from '@medbench/core';
import { Argument } from 'commander';
import { inColumns } from '../columns.js';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

const load = () => import('@medbench/backends-xla/engines');

/** @throws MedbenchError('unknown-id') for a name that no engine has. */
async function engineId(name: string): Promise<EngineId> {
  const { ENGINES } = await load();
  if (name in ENGINES) return name as EngineId;
  throw new MedbenchError('unknown-id', `There is no engine "${name}"`, {
    hint: `Engines: ${Object.keys(ENGINES).join(', ')}.`,
  });
}

/** Runs `medbench engines add`. */
async function add(name: string, { from }: { from?: string }): Promise<number> {
  const id = await engineId(name);
  const { addEngine, ENGINES } = await load();
  const log = (message: string) => console.error(message);
  const { folder, present } = await addEngine(id, { log, ...(from === undefined ? {} : { from }) });
  console.error(present ? `${id} ${ENGINES[id].version} is installed already.` : `It needs ${ENGINES[id].needs}.`);
  console.log(folder);
  return EXIT.ok;
}

/** Runs `medbench engines remove`. */
async function remove(name: string): Promise<number> {
  const id = await engineId(name);
  const { removeEngine, engineFolder } = await load();
  console.error((await removeEngine(id)) ? `Removed ${engineFolder(id)}.` : `${id} is not installed.`);
  return EXIT.ok;
}

/** Runs `medbench engines list`. */
async function list({ json }: { json?: boolean }): Promise<number> {
  const { ENGINES, locatePlugin } = await load();
  const engines = Object.entries(ENGINES).map(([id, { title, version, platform, wheels, needs }]) => {
    const located = locatePlugin(id as EngineId);
    const bytes = wheels.reduce((sum, wheel) => sum + wheel.bytes, 0);
    return {
      id,
      title,
      version,
      platform,
      bytes,
      needs,
      installed: located?.source ?? null,
      path: located?.path ?? null,
    };
  });
  if (json) {
    console.log(JSON.stringify(engines, null, 1));
    return EXIT.ok;
  }
  const rows = engines.map(({ id, version, bytes, installed, path, needs }) => [
    id,
    version,
    `${(bytes / 1e6).toFixed(0)} MB`,
    installed === null ? 'not installed' : `${installed === 'python' ? 'Python: ' : ''}${path}`,
    needs,
  ]);
  console.log(inColumns([['id', 'version', 'download', 'installed', 'needs'], ...rows]));
  return EXIT.ok;
}

export const enginesCommand: DeclareCommand = (program, done) => {
  const engines = program
    .command('engines')
    .description('download, remove and list engines: runtimes that a backend needs and npm does not carry')
    .addHelpText(
      'after',
      `
Examples:
  medbench engines add xla-cuda13            XLA for an NVIDIA GPU with CUDA 13
  medbench engines add xla-cpu --from wheels from a folder, on a machine without a network
  medbench engines list

The wheels are pinned by their SHA-256. MEDBENCH_PYTHON_INDEX names another Python index, MEDBENCH_ENGINES the folder.`,
    );
  engines
    .command('add')
    .description('download an engine from a Python index, check and unpack it (needs no Python)')
    .addArgument(new Argument('<engine>', 'xla-cpu, xla-cuda12, xla-cuda13 or xla-cuda13-compiler'))
    .option('--from <dir>', 'folder with the wheels, instead of the index')
    .action(async (engine, options) => done(await add(engine, options)));
  engines
    .command('remove')
    .description('delete a downloaded engine')
    .addArgument(new Argument('<engine>', 'xla-cpu, xla-cuda12, xla-cuda13 or xla-cuda13-compiler'))
    .action(async (engine) => done(await remove(engine)));
  engines
    .command('list')
    .description('show the engines, and where they are installed')
    .option('--json', 'machine-readable')
    .action(async (options) => done(await list(options)));
};
