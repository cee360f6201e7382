export { Roco } from './corpus.js';
export { ROCO, type RocoSplit, rocoFiles, rocoTable } from './files.js';
