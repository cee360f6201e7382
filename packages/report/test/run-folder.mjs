import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { random, seal } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';

const write = (path, value) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(seal(value), null, 1)}\n`);
};

/** Draws an answer to each example: right if the row's chance exceeds the example's hardness, mixed with luck. */
function drawAnswers({ id, chance }, { task, protocol, n }, seed, draw) {
  const hard = random(0, 'hardness', task, protocol);
  const luck = random(seed, 'answers', id, task, protocol, draw);
  return Array.from({ length: n }, () => (0.3 * hard.uniform() + 0.7 * luck.uniform() < chance ? 1 : 0));
}

const makeTraining = ({ id: method, parameters }, seed) => ({
  ...{ method, seed, steps: 100, seconds: 12.5 + seed, finalLoss: 1 },
  parameters: { total: parameters, trainable: parameters },
  curve: [
    { step: 0, loss: 3 },
    { step: 100, loss: 1 },
  ],
});

export function writeRunFolder(path, base, { seeds, rows, columns, draw = '', scores = true, settings = {} }) {
  const layout = new RunLayout(path);
  const stored = new Map();
  const cells = rows.flatMap((row) =>
    columns.flatMap((column) =>
      seeds.map((seed) => {
        const { task, protocol, n, data, synthetic = true } = column;
        const { id: method, control = false } = row;
        const perExample = drawAnswers(row, column, seed, draw);
        const value = perExample.reduce((sum, one) => sum + one, 0) / n;
        const metrics = { accuracy: { value, ci95: [Math.max(0, value - 0.05), Math.min(1, value + 0.05)] } };
        const file = layout.cell(method, task, seed);
        const cell = stored.get(file) ?? {
          schemaVersion: 1,
          key: 'k',
          data,
          method,
          task,
          seed,
          seconds: 1,
          synthetic,
          results: [],
        };
        cell.results.push({ protocol, metric: 'accuracy', metrics, n, perExample });
        stored.set(file, cell);
        const info = { method, control, task, protocol, seed, metric: 'accuracy', ...metrics.accuracy, n, metrics };
        return { ...info, seconds: 1, status: 'ok', synthetic };
      }),
    ),
  );
  if (scores) for (const [file, cell] of stored) write(file, cell);
  const { statistics: _, ...rest } = base;
  const results = {
    ...rest,
    run: { ...rest.run, seed: seeds[0], seeds, settings: { ...rest.run.settings, ...settings } },
    training: rows.flatMap((row) => (row.parameters ? seeds.map((seed) => makeTraining(row, seed)) : [])),
    cells,
  };
  write(layout.results, results);
  return results;
}
