export { ENGINES, type EngineId } from './engines/catalogue.js';
