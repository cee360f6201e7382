// npm run bench:encoders [-- --models vit-b-16,convnext-tiny --batch 16 --rounds 6]
// Full-size towers with random weights. medbench writes them and open_clip and Hugging Face read them; open_clip writes
// them and medbench reads them. Prints the differences of the embeddings, then images and texts per second and peak
// memory, beside PyTorch on the CPU.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printJson } from '../print-json.mjs';
import { CLIP_MODELS, MODELS } from './models.mjs';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: MODELS.join(',') },
    batch: { type: 'string', default: '16' },
    /** Timed batches per turn. Each side has two turns. */
    rounds: { type: 'string', default: '6' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-encoders-'));

function call(command, args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}
const medbench = (...args) =>
  call(process.execPath, [here('medbench.mjs'), ...args], { ...process.env, MEDBENCH_THREADS: options.threads });
const reference = (...args) => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPENBLAS_')));
  return call(process.env.MEDBENCH_PYTHON || 'python3', [here('reference.py'), ...args], env);
};
const floats = (file) => new Float32Array(readFileSync(file).buffer.slice(0));

/** Largest difference, relative to the largest absolute value. */
function difference(a, b) {
  const [x, y] = [floats(a), floats(b)];
  let [most, scale] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    most = Math.max(most, Math.abs(x[i] - y[i]));
    scale = Math.max(scale, Math.abs(y[i]));
  }
  return x.length === y.length && x.length > 0 ? most / scale : Number.NaN;
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const { batch, rounds, threads } = options;
const parity = [];
const speed = [];
let versions = {};
try {
  for (const name of options.models.split(',')) {
    const libraries = CLIP_MODELS.includes(name) ? ['open_clip', 'hugging-face'] : ['open_clip'];
    const pathTo = (...parts) => join(folder, name, ...parts);
    for (const library of libraries) {
      medbench('make', name, pathTo(library), library);
      const embedded = medbench('embed', name, pathTo(library), '4', '0', join(folder, 'own'));
      const peer = reference('embed', library, name, pathTo(library), '4', '0', threads, join(folder, 'peer'));
      const errors = ['image', 'text'].map((tower) =>
        difference(join(folder, `own.${tower}`), join(folder, `peer.${tower}`)),
      );
      parity.push({
        name,
        written: 'medbench',
        read: library,
        missing: peer.missing.length,
        image: errors[0],
        text: errors[1],
      });
      versions = { ...versions, [library]: peer.version, torch: peer.torch };
      if (embedded.notes.length > 0) throw new Error(embedded.notes.join('; '));
    }
    reference('make', 'open_clip', name, pathTo('theirs'));
    medbench('embed', name, pathTo('theirs'), '4', '0', join(folder, 'own'));
    reference('embed', 'open_clip', name, pathTo('theirs'), '4', '0', threads, join(folder, 'peer'));
    const [image, text] = ['image', 'text'].map((tower) =>
      difference(join(folder, `own.${tower}`), join(folder, `peer.${tower}`)),
    );
    parity.push({ name, written: 'open_clip', read: 'medbench', missing: 0, image, text });
    const turns = { medbench: [], torch: [] };
    for (let turn = 0; turn < 2; turn++) {
      turns.medbench.push(medbench('embed', name, pathTo('theirs'), batch, rounds, join(folder, 'own')));
      turns.torch.push(
        reference('embed', 'open_clip', name, pathTo('theirs'), batch, rounds, threads, join(folder, 'peer')),
      );
    }
    for (const [contender, answers] of Object.entries(turns))
      for (const tower of ['image', 'text'])
        speed.push({
          name,
          tower,
          contender,
          perSecond: Number(((1000 * Number(batch)) / median(answers.flatMap((one) => one[tower].ms))).toFixed(1)),
          peakMiB: Math.round(Math.max(...answers.map((one) => one.peakMiB))),
        });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  '| model | written by | read by | keys amiss | image, relative | text, relative |\n|---|---|---|---|---|---|',
);
for (const row of parity)
  console.log(
    `| ${row.name} | ${row.written} | ${row.read} | ${row.missing} | ${row.image.toExponential(1)} | ${row.text.toExponential(1)} |`,
  );
console.log(
  `\n| model | tower | contender | examples a second (batch ${batch}) | peak MiB (both towers) |\n|---|---|---|---|---|`,
);
for (const row of speed)
  console.log(`| ${row.name} | ${row.tower} | ${row.contender} | ${row.perSecond} | ${row.peakMiB} |`);
const machine = { cpu: cpus()[0]?.model, threads: Number(threads), memoryGiB: Math.round(totalmem() / 2 ** 30) };
printJson({ bench: 'encoders', machine, versions: { node: process.versions.node, ...versions }, parity, speed });
if (parity.some((row) => row.missing > 0 || !(row.image < 1e-4) || !(row.text < 1e-4))) process.exit(1);
