export type { ChosenTracker, FeedSource } from './feed.js';
export { Feeder, type FeederObserver, type FeederOptions, type Undelivered } from './feeder.js';
export { feedSource } from './source.js';
