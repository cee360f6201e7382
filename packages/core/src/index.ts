// The types of tfjs-core name the global type Long and do not say where it is from.
/// <reference types="long" preserve="true" />
export { ASSUMED_WATTS } from './assumed-watts.js';
export { escapeControls, printable, withoutCredentials } from './clean-text.js';
export { CLIP_PREPROCESSING } from './clip-preprocessing.js';
export type * from './contracts/index.js';
export type {
  AnyLauncher,
  AnyMethod,
  AnyObjective,
  AnyTracker,
  LauncherDeclaration,
  MethodDeclaration,
  ObjectiveDeclaration,
  PluginClass,
  PluginInfo,
  PluginKind,
  PluginKinds,
  PluginMetadata,
  TrackerDeclaration,
} from './decorators.js';
// By name: each is both a decorator and the contract's type, and a named export wins over the star above.
export {
  Backend,
  Control,
  Corpus,
  Encoder,
  Launcher,
  Method,
  Objective,
  PLUGIN_API,
  Protocol,
  pluginMetadata,
  Task,
  Tracker,
} from './decorators.js';
export { checkDivision, checkedDevices } from './devices.js';
export { drawnInput } from './drawn-input.js';
export {
  ENVIRONMENT,
  type EnvironmentVariable,
  parseVariable,
  readVariable,
  threadCount,
  turnPluginsOff,
  withoutPlugins,
} from './environment.js';
export * from './errors.js';
export {
  hashBytes,
  hashFile,
  hashJson,
  readSealed,
  type Sealed,
  type SealedFile,
  seal,
} from './files/checksum.js';
export {
  ensureFolder,
  ensurePrivateFolder,
  fileId,
  fileName,
  makeFolder,
  unwritableError,
  writeFileAtomic,
  writeFileAtomicSync,
} from './files/files.js';
export { parseJson } from './files/json.js';
export * from './files/lock/index.js';
export { decodeBfloat16, decodeFloat16 } from './half.js';
export { isRestricted, mayShow } from './may-show.js';
export { use } from './methods/use.js';
export { metricInfo } from './metric-info.js';
export { NO_PROFILE } from './no-profile.js';
export { describePlugin, rememberOrigin } from './origin.js';
export { checkedPrecision } from './precision.js';
export { bindProtocol, defaultSettings, measureAll } from './protocols.js';
export * from './random/index.js';
export * from './settings/index.js';
export { elementCount } from './size-of.js';
