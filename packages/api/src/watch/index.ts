// Light to import: neither stages nor plugins.
export type { RunWatch, WatchedCurve, WatchedFailure, WatchedRun, WatchedUnit } from '@medbench/runner/watch';
export { requirePort, type ServedRun, type ServeOptions, serveRun } from './serve.js';
export { type WatchOptions, watchRun } from './watch-run.js';
