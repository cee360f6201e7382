export { describeUndelivered, namedTrackers, openFeeder } from './open-feeder.js';
export { type StartedTrackers, startTrackers } from './start.js';
export { type TrackOptions, trackRun } from './track-run.js';
