export type { DeviceBuffer } from './buffer.js';
export { Client } from './client.js';
export type { CompileOptions } from './compile-options.js';
export type { Executable } from './executable.js';
export type { CompiledMemory } from './memory.js';
export type { NamedValue } from './named-values.js';
export { type ApiHead, PjrtError, Plugin, readApiHead } from './plugin.js';
export { Topology } from './topology.js';
