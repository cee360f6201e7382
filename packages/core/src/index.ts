export { ASSUMED_WATTS } from './assumed-watts.js';
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
export * from './errors.js';
export { EVALUATION_DEFAULTS } from './evaluation-defaults.js';
export { ensureFolder, fileName, unwritable, writeFileAtomic } from './files/files.js';
export { lockFolder } from './files/lock.js';
export { holm } from './holm.js';
export { mayShow } from './may-show.js';
export { NO_PROFILE } from './no-profile.js';
export { describePlugin, rememberOrigin } from './origin.js';
export * from './random/index.js';
