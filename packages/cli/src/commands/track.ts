import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';
import { abortOnSignal } from './run.js';

interface TrackFlags {
  readonly tracker?: readonly string[];
  readonly follow?: boolean;
}

/** Runs `medbench track RUN`. @returns 1 if something was not delivered. */
async function track(dir: string, { tracker, follow }: TrackFlags): Promise<number> {
  const { describeUndelivered, trackRun } = await import('@medbench/api');
  const { consoleObserver } = await import('../progress.js');
  const observer = consoleObserver(process.stderr);
  const signal = abortOnSignal();
  try {
    const left = await trackRun(dir, { trackers: tracker, follow, observer, signal });
    for (const one of left) observer.finished(`error  ${describeUndelivered(dir, one)}`);
    if (left.length > 0) return EXIT.failed;
    return follow && signal.aborted ? EXIT.interrupted : EXIT.ok;
  } finally {
    observer.finished();
  }
}

export const trackCommand: DeclareCommand = (program, done) => {
  program
    .command('track')
    .description('feed trackers from a run folder, while the run works or later')
    .argument('<dir>', 'run folder')
    .addOption(FLAG.track('--tracker <id>'))
    .option('--follow', 'until the run has ended')
    .addHelpText(
      'after',
      `
Without --tracker, the trackers that the run names are fed. What a tracker has is not sent again, whichever process sent it. It reads
the run folder and needs no data, so that it works beside jobs of a scheduler, on any machine that sees the folder.

Exit code 1 if something was not delivered, 130 if interrupted.

Examples:
  medbench track runs/study --tracker tensorboard     and tensorboard --logdir runs/study/trackers
  MLFLOW_TRACKING_URI=http://127.0.0.1:5000 medbench track runs/study --tracker mlflow --follow
  medbench track runs/study                           what the trackers of the run did not get`,
    )
    .action(async (dir, flags) => done(await track(dir, flags)));
};
