export { type AddOptions, addEngine, removeEngine } from './add.js';
export { ENGINES, type Engine, type EngineId, type PinnedWheel } from './catalogue.js';
export { engineFolder, enginesFolder, type LocatedPlugin, locatePlugin } from './locate.js';
