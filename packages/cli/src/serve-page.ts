import { spawn } from 'node:child_process';
import { MedbenchError } from '@medbench/core';
import { ownCommand } from './flags.js';

/** A page that another process serves. */
export interface ServingProcess {
  /** Lets that process send the last state and end; waits for nothing. */
  end(): void;
}

/**
 * Has another process serve the page of a run: this one computes, and its memory and time are measured. That process waits until
 * the run has begun, reads the run folder alone, and ends with this one.
 * @throws MedbenchError('usage') if the port is taken, or this process is not the command.
 */
export async function servePage(out: string, port: number): Promise<ServingProcess> {
  const { requirePort } = await import('@medbench/api/watch');
  if (port !== 0) await requirePort(port);
  const [program, ...args] = ownCommand('watch') ?? [];
  if (program === undefined) throw new MedbenchError('usage', '--serve works in the medbench command only');
  const child = spawn(program, [...args, out, '--serve', String(port)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // Neither the process nor the channel to it keeps this one alive.
  child.on('error', () => {});
  child.unref();
  child.channel?.unref();
  return { end: () => child.connected && child.disconnect() };
}
