import { printable } from '@medbench/core';
import type { RunObserver } from '@medbench/runner';
import cliProgress from 'cli-progress';
import pc from 'picocolors';

/** An observer that draws on a stream. `finished` ends the progress bar and prints a last message. */
export type ConsoleObserver = RunObserver & { finished(message?: string): void };

/** Number of progress lines per training on a stream that is not a terminal. */
const LINES_PER_TRAINING = 4;

const seconds = (value: number): string => (value < 90 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`);

/** Creates an observer that draws progress bars on a terminal, and prints one line per event on any other stream. */
export function consoleObserver(stream: NodeJS.WriteStream): ConsoleObserver {
  const terminal = stream.isTTY === true;
  // Several processes may train at once, so there is a bar for each row and seed.
  const bars = new Map<string, cliProgress.SingleBar>();
  let drawing: cliProgress.MultiBar | undefined;
  const barKey = (row: string, seed: number): string => JSON.stringify([row, seed]);
  const stopDrawing = (): void => {
    drawing?.stop();
    drawing = undefined;
    bars.clear();
  };
  const line = (text: string): void => {
    if (drawing) drawing.log(`${text}\n`);
    else stream.write(`${text}\n`);
  };
  let cells = 0;
  let planned = 0;
  return {
    started(plan, backend) {
      cells = 0;
      planned = plan.cells.length;
      const rows = plan.rows.map(({ id }) => id).join(', ');
      line(`${plan.rows.length} rows (${rows}) x ${plan.tasks.length} tasks, seeds ${plan.config.seeds.join(', ')}`);
      line(`backend ${pc.bold(backend.id)}: ${backend.why}`);
    },
    message: (text) => line(pc.dim(printable(text))),
    warning: (text) => line(pc.yellow(`warning  ${printable(text)}`)),
    trainingStarted(row, seed, steps) {
      if (!terminal) return line(`train ${row}, seed ${seed}: ${steps} steps`);
      drawing ??= new cliProgress.MultiBar(
        {
          stream,
          format: 'train {row} {bar} {value}/{total} loss {loss}, {eta_formatted} left',
          barsize: 24,
          hideCursor: true,
          etaBuffer: 50,
        },
        cliProgress.Presets.shades_classic,
      );
      bars.set(barKey(row, seed), drawing.create(steps, 0, { row: row.padEnd(14), loss: '-' }));
    },
    trainingStep(row, seed, { step, steps, loss }) {
      const bar = bars.get(barKey(row, seed));
      if (bar) bar.update(step, { loss: loss.toFixed(4) });
      else if (step % Math.ceil(steps / LINES_PER_TRAINING) === 0)
        line(`train ${row}: step ${step}/${steps} loss ${loss.toFixed(4)}`);
    },
    trainingFinished(row, seed, time, reused) {
      const key = barKey(row, seed);
      const bar = bars.get(key);
      if (bar) drawing?.remove(bar);
      bars.delete(key);
      if (bars.size === 0) stopDrawing();
      line(`train ${row}: ${reused ? 'already done' : `done in ${seconds(time)}`}`);
    },
    evaluationStarted: (row, task) => {
      if (terminal) line(pc.dim(`measure ${row} on ${task}`));
    },
    cellFinished(finished, reused) {
      cells += new Set(finished.map(({ task }) => task)).size;
      for (const cell of finished) {
        const figure =
          cell.status === 'ok' && cell.value !== null
            ? `${cell.metric} ${cell.value.toFixed(3)}`
            : pc.red(`failed: ${printable(cell.error ?? 'unknown reason')}`);
        line(
          `[${cells}/${planned}] ${cell.method} / ${cell.task} / ${cell.protocol}: ${figure}${reused ? ' (reused)' : ''}`,
        );
      }
    },
    finished(message) {
      stopDrawing();
      if (message) line(message);
    },
  };
}
