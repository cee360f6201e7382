export type { CellScores, FindScores } from './find-scores.js';
export { isResultsFile, ResultsLayout, scoresName, splitsName } from './folder/layout.js';
export {
  checkManifest,
  fileState,
  isResultsFolder,
  type ManifestFile,
  type ManifestState,
  type ResultsManifest,
  readManifest,
} from './folder/manifest.js';
export { encodeScores, readScoreFile } from './folder/score-file.js';
export type { PassedOnScores } from './folder/score-rows.js';
export { encodeSplits } from './folder/splits.js';
export { findScores, readScores, scoreColumns } from './read-scores.js';
