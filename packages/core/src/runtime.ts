/** What carries a run out: loaded only when something is run, so that listings stay instant. */
export * from './config/index.js';
export * from './container/index.js';
export * from './plan/index.js';
export * from './profile/index.js';
export * from './runner/index.js';
export * from './store/index.js';
export * from './verify/index.js';
