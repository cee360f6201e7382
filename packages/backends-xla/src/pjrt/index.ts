export type { DeviceBuffer } from './buffer.js';
export { Client } from './client.js';
export type { CompileOptions } from './compile-options.js';
export type { CompiledMemory, Executable } from './executable.js';
export type { NamedValue } from './named-values.js';
export { type ApiHead, PjrtError, Plugin, readApiHead } from './plugin.js';
