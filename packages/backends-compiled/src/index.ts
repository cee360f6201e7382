export { Compiled } from './plugin.js';
export { compareTensors } from './self-check.js';
export { compiledSession } from './session.js';
export { traceToOnnx } from './trace.js';
