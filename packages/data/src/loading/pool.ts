// Apart from what others import: tinypool's types need those of Node, which a user's project need not have.
import type { Tinypool } from 'tinypool';

/** Starts threads that run the functions of `worker.ts`. */
export async function startPool(filename: string, count: number): Promise<Tinypool> {
  const { Tinypool } = await import('tinypool');
  return new Tinypool({
    filename,
    name: 'run',
    // Flags of this process, such as those of a test runner, are not meant for the threads.
    execArgv: [],
    minThreads: 1,
    maxThreads: count,
    idleTimeout: 60_000,
    // A thread that waits for a job must not block: it closes files and finishes decoding meanwhile.
    useAtomics: false,
  });
}
