export type * from './backend.js';
export type * from './data.js';
export type * from './encoder.js';
export type * from './method.js';
export type * from './pretraining.js';
export type * from './results.js';
export type * from './task.js';
export type * from './tensors.js';
