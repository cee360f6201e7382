// Uses an installed medbench as its users do. Each function throws if something is not as it should be.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/workspace.mjs';
import { run } from './isolated.mjs';

const SETTINGS = {
  ...{ 'training.steps': 4, 'training.warmup': 1, 'training.batchSize': 8, 'general.steps': 2 },
  controls: '[]',
};
const SHORT = Object.entries(SETTINGS).flatMap(([path, value]) => ['--set', `${path}=${value}`]);

function must(condition, message) {
  if (!condition) throw new Error(message);
}

/** The installed command in a project. */
export const installedCommand =
  ({ cwd, env, bin = join(cwd, 'node_modules/.bin/medbench') }) =>
  (...words) =>
    run(bin, words, { cwd, env });

/** Lists the methods. @returns their ids. */
export async function listMethods(medbench) {
  return JSON.parse((await medbench('list', 'methods', '--json')).stdout).map(({ id }) => id);
}

/** Trains and measures rows for a few steps. @returns the backend. */
export async function tinyRun(medbench, cwd, methods, out = 'run') {
  await medbench(
    'run',
    '--preset',
    'demo',
    '--methods',
    methods,
    '--tasks',
    'phantom-retrieval',
    ...SHORT,
    '--out',
    out,
  );
  const { cells, run: record } = JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));
  for (const method of methods.split(','))
    must(
      cells.some((cell) => cell.method === method && cell.status === 'ok'),
      `${cwd}: no cell of ${method} succeeded`,
    );
  return record.backend;
}

/** A configuration in TypeScript that imports medbench. The project has no package `typescript`. */
export async function readsTypeScript(medbench, cwd) {
  writeFileSync(
    join(cwd, 'study.config.ts'),
    "import { MedbenchError } from 'medbench';\nconst seeds: number[] = [0, 1, MedbenchError.length];\nexport default { preset: 'demo', seeds };\n",
  );
  const { stdout } = await medbench('plan', '--config', 'study.config.ts', '--methods', 'clip', '--json');
  must(JSON.parse(stdout).seeds.length === 3, `${cwd}: the configuration was not read`);
}

const CONSUMER = `import { benchmark, MedbenchError, plan, type ResultCell } from 'medbench';

export async function table(): Promise<readonly ResultCell[]> {
  const { cells } = await benchmark({ preset: 'demo', methods: 'all', out: 'runs/demo' });
  await plan({ preset: 'demo' });
  if (cells.length === 0) throw new MedbenchError('usage', 'no cell');
  return cells;
}
`;
const AUTHOR = `import { Method, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import { infoNce, normalise } from '@medbench/objectives';
import '@medbench/objectives/gradients';
import { exp, eye, type Scalar, scalar, type Tensor } from '@tensorflow/tfjs-core';

export const loss: Scalar = infoNce(eye(4), eye(4), scalar(1));

export class Mine implements Method {
  readonly start = 'general';
  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    const { image, text } = representations;
    return { loss: infoNce(normalise(image), normalise(text), exp(parameters.logit_scale as Tensor) as Scalar), terms: {} };
  }
}
`;

/**
 * Checks the types of files that use the installed packages, with those of all libraries.
 * @param withAuthor whether the packages for authors of plugins can be imported too.
 */
export async function checksTypes({ cwd, env }, withAuthor) {
  writeFileSync(join(cwd, 'consumer.ts'), CONSUMER);
  writeFileSync(join(cwd, 'author.ts'), AUTHOR);
  for (const [moduleResolution, module] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ]) {
    const compilerOptions = { target: 'es2022', module, moduleResolution, strict: true };
    Object.assign(compilerOptions, { skipLibCheck: false, noEmit: true, types: [] });
    const files = withAuthor ? ['consumer.ts', 'author.ts'] : ['consumer.ts'];
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], { cwd, env });
  }
}
