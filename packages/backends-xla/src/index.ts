export { ENGINES, type EngineId } from './engines/catalogue.js';
export { XlaCpu, XlaPlugin } from './plugin.js';
export { traceToStableHlo } from './trace.js';
