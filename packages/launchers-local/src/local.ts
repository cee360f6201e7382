import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  defineSettings,
  errorMessage,
  integer,
  Launcher,
  type LaunchOutcome,
  type LaunchRequest,
  parseVariable,
  readVariable,
} from '@medbench/core';
import { deviceShares } from './devices.js';

const settings = defineSettings({
  jobs: integer({ min: 1, description: 'Number of processes. --jobs overrides it.' }).orAuto(),
});

type Request = LaunchRequest<typeof settings>;

/**
 * Starts processes on this machine, each of which takes one unit after the other that no other process holds. If one dies,
 * the others and the run take its unit.
 */
@Launcher({ id: 'local', title: 'Several processes on this machine', settings })
export class Local implements Launcher<typeof settings> {
  async launch(request: Request): Promise<LaunchOutcome> {
    const { room, signal } = request;
    const asked = request.jobs ?? (request.settings.jobs === 'auto' ? undefined : request.settings.jobs);
    const shares = deviceShares(room.devices, process.env.CUDA_VISIBLE_DEVICES);
    const most = Math.min(asked ?? (shares.length || room.cores), room.units);
    // One process alone would do what the run does without it.
    if (most < 2) return { state: 'ended' };
    const limit = parseVariable('MEDBENCH_MEMORY', readVariable('MEDBENCH_MEMORY'));
    const running: Promise<void>[] = [];
    const children = new Set<ChildProcess>();
    const stop = (): void => {
      for (const child of children) child.kill('SIGTERM');
    };
    const start = (jobs: number): void => {
      const share = shares[running.length % Math.max(1, shares.length)];
      const env = {
        ...(share === undefined ? {} : { CUDA_VISIBLE_DEVICES: share }),
        ...(limit === undefined ? {} : { MEDBENCH_MEMORY: String(limit / jobs) }),
      };
      running.push(follow(startProcess(request, env), request, children));
    };
    signal.addEventListener('abort', stop);
    try {
      // The first one starts at once, while the memory for others is estimated, unless they divide a limit.
      const decided = asked !== undefined || shares.length > 0;
      if (!decided && limit === undefined) start(1);
      const jobs = decided ? most : Math.min(most, await room.memory());
      if (jobs < 2 && running.length === 0) return { state: 'ended' };
      while (running.length < jobs && !signal.aborted) start(jobs);
      await Promise.all(running);
      return { state: 'ended' };
    } finally {
      stop();
      await Promise.all(running);
      signal.removeEventListener('abort', stop);
    }
  }
}

function startProcess(request: Request, env: Readonly<Record<string, string>>): ChildProcess {
  const [program, ...args] = request.command();
  return spawn(program!, args, {
    cwd: request.cwd,
    env: { ...process.env, ...request.env, ...env },
    serialization: 'advanced',
    // What it prints in spite of its channel, such as a warning of Node, is for the user.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
}

/** Passes on what a process says, until it has ended. */
async function follow(child: ChildProcess, { observer }: Request, children: Set<ChildProcess>): Promise<void> {
  const followed = observer.follow();
  children.add(child);
  child.on('message', (message) => followed.received(message));
  // A process that cannot be started is handled as every one that ends; the error is that of `once` below.
  child.on('error', () => {});
  // The last messages may arrive after the exit; the channel closes behind them.
  const why = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(
    ([[code, signal]]) => (code === 0 ? undefined : (signal ?? `exit code ${code}`)),
    errorMessage,
  );
  children.delete(child);
  followed.ended(why);
}
