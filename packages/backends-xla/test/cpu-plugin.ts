import { ENGINES } from '../src/engines/catalogue.js';
import { locatePlugin } from '../src/engines/locate.js';

/** Path of XLA's CPU plugin; undefined if it is not installed, which is reported once. */
export const cpuPlugin: string | undefined = locatePlugin('xla-cpu')?.path;
if (cpuPlugin === undefined)
  console.warn(`Not tested on ${ENGINES['xla-cpu'].title}, which is not installed: medbench engines add xla-cpu`);
