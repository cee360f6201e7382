// npm run bench:export [-- --encoders vit-demo,rn-demo,… --batches 1,3 --checkpoint
// RUN/checkpoints/clip/seed-0/weights.safetensors] Exports towers as ONNX files. Runs the full check of the Python
// package onnx, and prints the largest relative difference of the embeddings between medbench's compiled backend and
// three readers of the file: onnxruntime-node, onnx's reference runtime and Python's ONNX Runtime.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    encoders: { type: 'string', default: 'vit-demo,rn-demo,gpt-demo,vit-b-16,gpt-77' },
    batches: { type: 'string', default: '1,3' },
    /** Weights trained by a run with the default encoders. Both towers become further rows. */
    checkpoint: { type: 'string' },
  },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

function call(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const cases = options.encoders.split(',').map((encoder) => ({ encoder, weights: 'drawn', from: [] }));
if (options.checkpoint)
  for (const encoder of ['vit-demo', 'gpt-demo'])
    cases.push({ encoder, weights: 'trained', from: [options.checkpoint] });
const rows = [];
let versions = {};
for (const { encoder, weights, from } of cases) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-export-'));
  try {
    const written = call(process.execPath, [here('medbench.mjs'), encoder, folder, options.batches, ...from]);
    const python = process.env.MEDBENCH_PYTHON || 'python3';
    const { versions: used, ...checked } = call(python, [here('check.py'), folder, options.batches]);
    versions = { ...versions, ...used };
    rows.push({ encoder, weights, ...written, ...checked });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const digits = (value) => (value === undefined ? 'not installed' : value.toExponential(1));
console.log(
  '| tower | weights | MiB | nodes | operator sets | first side | written in s | onnxruntime-node | onnx reference | onnxruntime, Python |\n|---|---|---|---|---|---|---|---|---|---|',
);
for (const row of rows)
  console.log(
    `| ${row.encoder} | ${row.weights} | ${row.mebibytes.toFixed(1)} | ${row.nodes} | ${row.domains.join(', ')} | \`${row.batch}\` | ${row.seconds.toFixed(1)} | ${digits(row.node)} | ${digits(row.reference)} | ${digits(row.onnxruntime)} |`,
  );
const machine = { cpu: cpus()[0]?.model, memoryGiB: Math.round(totalmem() / 2 ** 30) };
console.log(JSON.stringify({ bench: 'export', machine, versions: { node: process.versions.node, ...versions }, rows }));
const sound = (value) => value === undefined || value < 1e-4;
if (rows.some(({ node, reference, onnxruntime }) => ![node, reference, onnxruntime].every(sound))) process.exit(1);
