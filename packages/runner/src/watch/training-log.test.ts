import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TrainingLog } from './training-log.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-watch-'));
  path = join(folder, 'log.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const line = (second: number, entry: object): string =>
  `${JSON.stringify({ time: at(second), row: 'clip', seed: 1, training: 'clip', ...entry })}\n`;
const begins = (second: number, steps = 100): string => line(second, { parameters: { total: 1 }, steps });
const steps = (second: number, from: number, to: number, loss: number): string =>
  Array.from({ length: (to - from) / 10 }, (_, i) => line(second + i, { step: from + 10 * i, loss })).join('');

const read = (log: TrainingLog, paths = [path]) => {
  log.read(paths);
  return log.training('clip:1', 0);
};

describe('TrainingLog', () => {
  it('shows repeated steps once, as the last attempt computed them', () => {
    writeFileSync(
      path,
      begins(0) +
        steps(1, 0, 50, 3) +
        line(7, { step: 40, validationLoss: 2.5 }) +
        begins(20) +
        line(21, { resumedAt: 20 }) +
        steps(22, 20, 60, 2) +
        line(27, { step: 40, validationLoss: 1.5 }),
    );
    const training = read(new TrainingLog())!;
    expect(training.loss).toEqual([
      { step: 0, loss: 3 },
      { step: 10, loss: 3 },
      { step: 20, loss: 2 },
      { step: 30, loss: 2 },
      { step: 40, loss: 2 },
      { step: 50, loss: 2 },
    ]);
    expect(training.validation).toEqual([{ step: 40, loss: 1.5 }]);
    // Ten steps per second since it resumed.
    expect(training).toMatchObject({ steps: 100, step: 51, ended: false, speed: 10 });
  });

  it('begins anew with a training that does not resume, and joins the logs of machines by time', () => {
    const other = join(folder, 'log-other.jsonl');
    writeFileSync(path, begins(0) + steps(1, 0, 50, 3));
    writeFileSync(other, begins(60) + line(60, { resumedAt: 30 }) + steps(61, 30, 50, 1));
    const log = new TrainingLog();
    expect(read(log, [path, other])!.loss.map(({ loss }) => loss)).toEqual([3, 3, 3, 1, 1]);
    appendFileSync(path, begins(90, 20) + steps(91, 0, 20, 9) + line(95, { step: 19, loss: 8 }));
    expect(read(log, [path, other])).toMatchObject({ ended: true, steps: 20, step: 20 });
    expect(log.training('clip:1', Date.parse(at(200)))).toBeUndefined();
  });

  it('waits for the rest of half a line, and skips what a killed writer left', () => {
    const whole = line(2, { step: 10, loss: 2 });
    writeFileSync(path, begins(0) + line(1, { step: 0, loss: 3 }) + whole.slice(0, 30));
    const log = new TrainingLog();
    expect(read(log)!.loss).toHaveLength(1);
    appendFileSync(path, whole.slice(30));
    expect(read(log)!.loss).toHaveLength(2);
    // The next writer appends its own line to the half one.
    appendFileSync(path, line(3, { step: 20, loss: 1.9 }).slice(0, 40) + line(4, { step: 30, loss: 1 }));
    appendFileSync(path, 'no JSON "training":\n["training":]\n');
    expect(read(log)!.loss.map(({ step }) => step)).toEqual([0, 10, 30]);
    // A log that was replaced is read from its beginning.
    writeFileSync(path, begins(0) + line(1, { step: 0, loss: 7 }));
    expect(read(log)!.loss).toEqual([{ step: 0, loss: 7 }]);
    rmSync(path);
    expect(read(log, [])).toBeUndefined();
  });

  it('knows which corpora are generated', () => {
    writeFileSync(
      path,
      `${JSON.stringify({ time: at(0), corpus: 'roco', synthetic: false })}\n${JSON.stringify({ time: at(0), corpus: 'shapes', synthetic: true })}\n`,
    );
    const log = new TrainingLog();
    log.read([path]);
    expect([log.isGenerated(['roco']), log.isGenerated(['roco', 'shapes'])]).toEqual([false, true]);
  });
});
