import { Launcher, type LaunchOutcome } from '@medbench/core';

/** Starts nothing: the run carries out all units itself, one after the other. */
@Launcher({ id: 'inline', title: 'In the process of the run' })
export class Inline implements Launcher {
  async launch(): Promise<LaunchOutcome> {
    return { state: 'ended' };
  }
}
