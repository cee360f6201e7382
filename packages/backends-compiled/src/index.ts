export { Compiled, CompiledCuda } from './plugin.js';
export { compiledSession } from './session.js';
export { runOnnx, type StandaloneOptions, standaloneOnnx } from './standalone/standalone.js';
export { traceToOnnx } from './trace.js';
