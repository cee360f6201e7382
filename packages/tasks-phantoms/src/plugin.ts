export { PhantomGlobal, PhantomLocal, PhantomRare } from './factor-tasks.js';
export { PhantomRetrieval, PhantomVqa } from './pair-tasks.js';
