// npm run bench:probe [-- --rows 10000 --width 512 --classes 10 --rounds 3]
// A linear probe that tries ten values of C on a validation split of a fifth, then fits the best one to both splits.
// medbench and scikit-learn's LogisticRegression (L-BFGS, default tolerance) take turns in one run on the same
// features.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { random } from '@medbench/core';
import { encodeNpy } from '@medbench/formats';
import { printJson } from '../print-json.mjs';
import { machine, median, ours, round, theirs } from './peers.mjs';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000' },
    width: { type: 'string', default: '512' },
    classes: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
  },
});
const [rows, width, classes, rounds] = [options.rows, options.width, options.classes, options.rounds].map(Number);
const val = Math.round(rows / 5);
const grid = Array.from({ length: 10 }, (_, i) => 10 ** (-4 + (8 * i) / 9));

/**
 * Features made of 64 factors, similar to those of a tower: a class shifts a few factors, and every entry has its own
 * noise.
 */
function writeFeatures(folder) {
  const stream = random(0, 'bench', 'probe');
  const factors = 64;
  const normal = (count) => Float64Array.from({ length: count }, () => stream.normal());
  const [basis, means] = [normal(factors * width), normal(classes * factors)];
  const n = rows + val;
  const x = new Float32Array(n * width);
  const y = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    y[i] = stream.integer(classes);
    const row = new Float64Array(width);
    for (let f = 0; f < factors; f++) {
      const z = 0.35 * means[y[i] * factors + f] + stream.normal();
      for (let j = 0; j < width; j++) row[j] += (z * basis[f * width + j]) / 8;
    }
    for (let j = 0; j < width; j++) x[i * width + j] = row[j] + 0.5 * stream.normal();
  }
  writeFileSync(join(folder, 'x.npy'), encodeNpy({ shape: [n, width], dtype: 'f4', data: x }, 'x'));
  writeFileSync(join(folder, 'y.npy'), encodeNpy({ shape: [n], dtype: 'i4', data: y }, 'y'));
}

const folder = mkdtempSync(join(tmpdir(), 'medbench-probe-'));
try {
  writeFeatures(folder);
  const spec = { folder, rows, classes, grid };
  const turns = Array.from({ length: rounds }, () => [
    ours('probe-medbench.mjs', spec),
    theirs('probe_sklearn.py', spec),
  ]);
  const result = ['medbench', 'scikit-learn'].map((contender, e) => {
    const answers = turns.map((turn) => turn[e]).filter(({ unavailable }) => !unavailable);
    if (answers.length === 0) return undefined;
    const { C, validation, peakMiB, versions } = answers[0];
    const seconds = answers.map((one) => one.seconds);
    return {
      contender,
      seconds: round(median(seconds)),
      all: seconds.map((s) => round(s)),
      C: round(C, 5),
      validation,
      peakMiB,
      versions,
    };
  });
  console.log(
    '| contender | seconds, median | all turns | C | validation accuracy | peak MiB |\n|---|---|---|---|---|---|',
  );
  for (const row of result.filter(Boolean)) {
    console.log(
      `| ${row.contender} | ${row.seconds} | ${row.all.join(', ')} | ${row.C} | ${row.validation} | ${row.peakMiB} |`,
    );
  }
  const [mine, peer] = result;
  const ratios = peer ? { 'medbench / scikit-learn': round(mine.seconds / peer.seconds) } : {};
  printJson({
    bench: 'probe',
    machine: machine(),
    case: { rows, val, width, classes, grid: 10 },
    rows: result.filter(Boolean),
    ratios,
  });
} finally {
  rmSync(folder, { recursive: true });
}
