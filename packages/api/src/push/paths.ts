import { resolve } from 'node:path';
import { LocalPaths } from '@medbench/hub';
import type { OpenedRun } from '../open-run.js';

/** The folders of this machine, and of that on which the run was started, which texts of the run may name. */
export const localPaths = ({ folder, run: { home, config } }: OpenedRun, dataRoot?: string): LocalPaths =>
  new LocalPaths([folder, dataRoot, home?.cwd, home?.dataRoot, home?.cacheRoot, resolve(config.dataRoot)]);
