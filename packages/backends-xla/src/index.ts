export { ENGINES, type EngineId } from './engines/catalogue.js';
export { XlaCpu, XlaCuda, XlaPlugin } from './plugin.js';
export { traceToStableHlo } from './trace.js';
