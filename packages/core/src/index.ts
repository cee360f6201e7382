export { ASSUMED_WATTS } from './assumed-watts.js';
export { EVALUATION_DEFAULTS } from './config/evaluation.js';
export { type ConfigTree, mergeTrees } from './config/merge.js';
export type * from './contracts/index.js';
export type {
  MethodDeclaration,
  PluginClass,
  PluginInfo,
  PluginKind,
  PluginKinds,
  PluginMetadata,
} from './decorators.js';
// By name: each is both a decorator and the contract's type, and a named export wins over the star above.
export { Backend, Control, Corpus, Encoder, Method, PLUGIN_API, pluginMetadata, Task } from './decorators.js';
export { drawnInput } from './drawn-input.js';
export * from './errors.js';
export { ensureFolder, unwritable, writeFileAtomic } from './files.js';
export { holm } from './holm.js';
export { mayShow } from './may-show.js';
export { NO_PROFILE } from './profile/clock.js';
export * from './random/index.js';
export { lockFolder } from './store/lock.js';
export { fileName } from './store/store.js';
