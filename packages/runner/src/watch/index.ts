// Everything to follow a run from its folder: light to import, without stages and plugins.
export type { PlannedTable, PlannedTableRow, RunFile, RunHome } from '../results.js';
export { GENERAL, RunLayout, tryReadJson } from '../store/index.js';
export { GATHER } from '../units/id.js';
export type {
  CurvePoint,
  WatchedCurve,
  WatchedFailure,
  WatchedRun,
  WatchedState,
  WatchedTable,
  WatchedUnit,
} from './state.js';
export { thin } from './thin.js';
export { RunWatch } from './watch.js';
