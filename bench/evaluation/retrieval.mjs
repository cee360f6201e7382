// npm run bench:retrieval [-- --pairs 100000 --width 512]
// Ranks all texts for each image and all images for each text. medbench on its compiled backend and NumPy in blocks run
// one after the other on the same embeddings. NumPy ranks by 32-bit scores; medbench recomputes close scores in 64
// bits.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { random } from '@medbench/core';
import { printJson } from '../print-json.mjs';
import { machine, ours, round, theirs } from './peers.mjs';

const { values: options } = parseArgs({
  options: { pairs: { type: 'string', default: '100000' }, width: { type: 'string', default: '512' } },
});
const [pairs, width] = [options.pairs, options.width].map(Number);

/** Rows of unit length. A text is its image's row with noise, so that ranks range from 1 to thousands. */
function writeEmbeddings(folder) {
  const stream = random(0, 'bench', 'retrieval');
  const files = ['images', 'texts'].map((name) => openSync(join(folder, `${name}.f32`), 'w'));
  const unit = (row) => {
    const norm = Math.hypot(...row);
    return Float32Array.from(row, (value) => value / norm);
  };
  for (let i = 0; i < pairs; i++) {
    const image = Float64Array.from({ length: width }, () => stream.normal());
    const noise = 4 + 8 * stream.uniform();
    const text = image.map((value) => value + noise * stream.normal());
    writeSync(files[0], new Uint8Array(unit(image).buffer));
    writeSync(files[1], new Uint8Array(unit(text).buffer));
  }
  for (const file of files) closeSync(file);
}

const folder = mkdtempSync(join(tmpdir(), 'medbench-retrieval-'));
try {
  writeEmbeddings(folder);
  const spec = { folder, pairs, width };
  const answers = { medbench: ours('retrieval-medbench.mjs', spec), NumPy: theirs('retrieval_numpy.py', spec) };
  const rows = Object.entries(answers).flatMap(([contender, answer]) =>
    answer.unavailable ? [] : [{ contender, ...answer }],
  );
  if (answers.medbench.unavailable) throw new Error(answers.medbench.unavailable);
  console.log('| contender | seconds | GFLOP/s | recall@200, both ways | peak MiB |\n|---|---|---|---|---|');
  for (const { contender, seconds, recall, peakMiB } of rows) {
    const speed = (2e-9 * pairs * pairs * width) / seconds;
    console.log(
      `| ${contender} | ${round(seconds, 1)} | ${round(speed, 0)} | ${recall.map((r) => r.toFixed(5)).join(', ')} | ${peakMiB} |`,
    );
  }
  let differing = null;
  if (rows.length === 2) {
    const ranks = ['medbench', 'numpy'].map((name) => {
      const bytes = readFileSync(join(folder, `${name}.i32`));
      return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    });
    differing = ranks[0].reduce((count, rank, i) => count + (rank === ranks[1][i] ? 0 : 1), 0);
    console.log(`${differing} of ${2 * pairs} ranks differ`);
  }
  const ratios = rows.length === 2 ? { 'medbench / NumPy': round(rows[0].seconds / rows[1].seconds) } : {};
  printJson({ bench: 'retrieval', machine: machine(), case: { pairs, width }, rows, differing, ratios });
} finally {
  rmSync(folder, { recursive: true });
}
