import { setTimeout as delay } from 'node:timers/promises';
import type { RunWatch, WatchedRun } from '@medbench/api/watch';
import { isMedbenchError, MedbenchError } from '@medbench/core';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';

interface WatchFlags {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly serve?: number;
}

/** Milliseconds between two looks for a run that is to begin. */
const LOOK = 300;

/** A signal that Ctrl-C, or the end of the run that started this process, aborts. */
function stopSignal(): AbortSignal {
  const abort = new AbortController();
  process.once('SIGTERM', () => abort.abort());
  // Ctrl-C also reaches the run that started this process, which then writes its last files: those are shown too.
  process.on('SIGINT', () => process.send || abort.abort());
  process.once('disconnect', () => abort.abort());
  if (process.connected === false) abort.abort();
  return abort.signal;
}

/** Runs `medbench watch RUN`. @returns 0 unless it was interrupted. */
async function watch(dir: string, { once, json, serve }: WatchFlags): Promise<number> {
  const { watchRun } = await import('@medbench/api/watch');
  // Started by a run, which may not have begun.
  if (serve !== undefined && process.send) return servePage(() => watchRun(dir), serve);
  const watched = watchRun(dir);
  if (serve !== undefined) return servePage(() => watched, serve);
  if (json || once) {
    const run = watched.read();
    if (!run) throw gone(dir);
    if (json) console.log(JSON.stringify(run, null, 1));
    else process.stdout.write(await render(run));
    return EXIT.ok;
  }
  return follow(watched);
}

const gone = (dir: string): MedbenchError =>
  new MedbenchError('usage', `${dir} is no longer the folder of a run`, { hint: 'Was it moved or removed?' });

async function render(run: WatchedRun): Promise<string> {
  const { renderWatchedRun } = await import('@medbench/report');
  const { isTTY, columns = 160 } = process.stdout;
  return renderWatchedRun(run, { color: isTTY ?? false, width: columns });
}

/** Shows each change until the run has ended: in place on a terminal, else one line each. */
async function follow(watched: RunWatch): Promise<number> {
  const [{ describeChanges, describeState }, { Repainter }] = await Promise.all([
    import('@medbench/report'),
    import('../repaint.js'),
  ]);
  const signal = stopSignal();
  const screen = process.stdout.isTTY ? new Repainter(process.stdout) : undefined;
  let before: WatchedRun | undefined;
  try {
    for await (const run of watched.changes({ signal })) {
      if (screen) screen.show(await render(run), run.state === 'ended');
      else if (!before) process.stdout.write(await render(run));
      else {
        for (const line of describeChanges(before, run)) console.log(line);
        if (run.state === 'ended') process.stdout.write(`\n${await render(run)}`);
      }
      before = run;
    }
  } finally {
    screen?.end();
  }
  if (signal.aborted) return EXIT.interrupted;
  if (before) console.error(`${describeState(before)}. ${before.folder} has the report.`);
  return EXIT.ok;
}

/**
 * Serves the page until Ctrl-C, or until the run that started this process has ended.
 * @param open opens the run; it may not have begun if this process was started by it.
 */
async function servePage(open: () => RunWatch, port: number): Promise<number> {
  const { serveRun } = await import('@medbench/api/watch');
  const signal = stopSignal();
  const watched = await whenBegun(open, signal);
  if (!watched) return EXIT.interrupted;
  const served = await serveRun(watched, { port });
  console.error(`The run can be followed at ${served.url}${process.send ? '' : ' until Ctrl-C'}`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await served.close();
  return EXIT.interrupted;
}

/** Opens a run as soon as it has begun. @returns undefined if the signal aborts before. */
async function whenBegun(open: () => RunWatch, signal: AbortSignal): Promise<RunWatch | undefined> {
  while (!signal.aborted) {
    try {
      return open();
    } catch (error) {
      if (!process.send || !isMedbenchError(error)) throw error;
      await delay(LOOK, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}

export const watchCommand: DeclareCommand = (program, done) => {
  program
    .command('watch')
    .description('follow a run from its folder: losses, speed, time left, figures as they come, failures')
    .argument('<dir>', 'run folder')
    .option('--once', 'print this moment, and end')
    .option('--json', 'print this moment as JSON, and end')
    .addOption(FLAG.serve('serve a page with curves and the table as it fills'))
    .addHelpText(
      'after',
      `
It reads the run folder alone, every two seconds, and writes nothing: it works in another terminal, on any machine that sees the
folder, without data and plugins, and when the run has ended. It ends with the run. Whether finished files follow from the
present data, code and settings, it cannot tell; medbench status can.

The page loads nothing from elsewhere and shows no images and no texts of the data. To see it on a laptop while the run is on a
server: ssh -L 8686:127.0.0.1:8686 SERVER.

Exit code 0, also if cells of the run failed; 130 if interrupted.

Examples:
  medbench watch runs/study
  medbench watch runs/study --serve            and open http://127.0.0.1:8686/
  medbench watch runs/study --json | jq .progress`,
    )
    .action(async (dir, flags) => done(await watch(dir, flags)));
};
