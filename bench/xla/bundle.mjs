// npm run bench:xla-bundle [-- --out DIR --node]
// Puts bench/xla/gpu.mjs into a folder with all that it needs, for a machine with an NVIDIA GPU and without a network: there
// `sh run.sh` measures. Python there has PyTorch and the wheel jax-cuda13-pjrt with NVIDIA's libraries. `--node` adds this Node.
import {
  chmodSync,
  cpSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { Wasm } from '@medbench/backends-wasm';
import { build } from 'tsup';
import { BATCHES, setUpCase } from '../step/cases.mjs';
import { readStepBatches, readWeights, writeStart } from '../step/start.mjs';

const { values: options } = parseArgs({
  options: { out: { type: 'string', default: 'xla-bundle' }, node: { type: 'boolean', default: false } },
});
const { out } = options;
const root = fileURLToPath(new URL('../..', import.meta.url));
const bench = join(out, 'bench', 'xla');
rmSync(out, { recursive: true, force: true });
mkdirSync(bench, { recursive: true });

/** Losses of the eager backend, which is the reference of the first part. */
async function expectedLosses(steps) {
  const folder = join(tmpdir(), `medbench-expected-${process.pid}`);
  mkdirSync(folder);
  try {
    const { files } = await writeStart(folder, 'a', 'clip');
    const { step, parameters } = await setUpCase('a', 'clip');
    const batches = await readStepBatches(files.batches, step.inputs);
    const tensors = await readWeights(files.weights, parameters);
    const session = await step.load(new Wasm(), step.initialState(tensors), {});
    const losses = [];
    for (let i = 0; i < steps; i++) losses.push((await session.step(batches[i % batches.length])).loss.data[0]);
    await session.dispose();
    return losses;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
writeFileSync(join(bench, 'expected.json'), JSON.stringify({ batches: BATCHES, losses: await expectedLosses(20) }));

// Of native packages, the measurements need koffi alone.
const NATIVE = ['koffi', 'sharp', 'onnxruntime-node', 'onnxruntime-web', '@tensorflow/tfjs-node'];
await build({
  entry: { gpu: join(root, 'bench', 'xla', 'gpu.mjs') },
  format: 'esm',
  platform: 'node',
  outDir: bench,
  outExtension: () => ({ js: '.mjs' }),
  noExternal: [/.*/],
  external: NATIVE,
  config: false,
  silent: true,
  splitting: false,
  banner: {
    js: "import { createRequire as medbenchRequire } from 'node:module'; const require = medbenchRequire(import.meta.url);",
  },
});

/** Copies a package into the folder's node_modules. */
function copyPackage(name, from) {
  let folder = dirname(createRequire(from).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  cpSync(folder, join(out, 'node_modules', name), { recursive: true, dereference: true });
  return join(folder, 'package.json');
}
const koffi = copyPackage('koffi', join(root, 'packages', 'backend-kit', 'package.json'));
for (const waste of ['vendor', 'doc'])
  rmSync(join(out, 'node_modules', 'koffi', waste), { recursive: true, force: true });
copyPackage(`@koromix/koffi-${process.platform}-${process.arch}`, koffi);

for (const file of ['bench/step/torch_step.py', 'scripts/oracles/torch_methods.py', 'LICENSE'])
  cpSync(join(root, file), join(out, file));
if (options.node)
  await pipeline(createReadStream(process.execPath), createGzip({ level: 9 }), createWriteStream(join(out, 'node.gz')));
writeFileSync(
  join(out, 'run.sh'),
  `#!/bin/sh
# Measures on the first GPU, in at most eight minutes. Arguments are those of gpu.mjs.
set -eu
cd "$(dirname "$0")"
node=node
if [ -f node.gz ]; then
  [ -f node ] || { gunzip -c node.gz >node.part && chmod +x node.part && mv node.part node; }
  node=./node
fi
export MEDBENCH_BENCH_BATCHES=${BATCHES}
exec timeout 480 $node bench/xla/gpu.mjs "$@"
`,
);
chmodSync(join(out, 'run.sh'), 0o755);
const { version } = JSON.parse(readFileSync(join(root, 'packages', 'backends-xla', 'package.json'), 'utf8'));
console.log(`${out}: backends-xla ${version}; on the machine with the GPU: sh run.sh --out results`);
process.exit(0);
