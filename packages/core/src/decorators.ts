import type * as contracts from './contracts/index.js';

/** A method or objective of which no more is known than that it is one. */
export type AnyMethod = contracts.Method<contracts.SettingSpecs, contracts.TensorMap>;
export type AnyObjective = contracts.Objective<contracts.SettingSpecs, contracts.TensorMap>;

/** The kinds of plugin, with the info and the instance type of each. */
export interface PluginKinds {
  method: { info: contracts.MethodInfo; instance: AnyMethod };
  objective: { info: contracts.ObjectiveInfo; instance: AnyObjective };
  task: { info: contracts.TaskInfo; instance: contracts.Task };
  encoder: { info: contracts.EncoderInfo; instance: contracts.Encoder };
  corpus: { info: contracts.CorpusInfo; instance: contracts.Corpus };
  backend: { info: contracts.BackendInfo; instance: contracts.Backend };
  control: { info: contracts.ControlInfo; instance: contracts.Control };
  protocol: { info: contracts.ProtocolInfo; instance: contracts.Protocol };
}
export type PluginKind = keyof PluginKinds;
export type PluginInfo<K extends PluginKind = PluginKind> = PluginKinds[K]['info'];
/** Constructor parameters are resolved by the container: each carries `@inject(token)`. */
export type PluginClass<K extends PluginKind = PluginKind> = new (...args: never[]) => PluginKinds[K]['instance'];

export interface PluginMetadata<K extends PluginKind = PluginKind> {
  readonly api: number;
  readonly kind: K;
  readonly info: PluginInfo<K>;
}

/** The plugin interface's major version; a plugin built for another one is refused by name. */
export const PLUGIN_API = 1;

// Registered for the whole process, so that a class decorated by a second copy of this package is still recognised.
const METADATA = Symbol.for('medbench.plugin');

function attach<K extends PluginKind>(kind: K, info: PluginInfo<K>) {
  // Nothing but data is attached: the registry finds decorated classes among a module's exports.
  return <C extends PluginClass<K>>(target: C, _context?: ClassDecoratorContext<C>): void => {
    Object.defineProperty(target, METADATA, { value: Object.freeze({ api: PLUGIN_API, kind, info }) });
  };
}

/** What a method's author must say; the rest has defaults. */
export type MethodDeclaration = Pick<contracts.MethodInfo, 'id' | 'title' | 'question' | 'source'> & {
  readonly extension?: boolean;
  readonly settings?: contracts.SettingSpecs;
};
/** What an objective's author must say; the rest has defaults. */
export type ObjectiveDeclaration = Omit<contracts.ObjectiveInfo, 'settings'> & {
  readonly settings?: contracts.SettingSpecs;
};

export type Method<
  S extends contracts.SettingSpecs = contracts.SettingSpecs,
  R extends contracts.TensorMap = contracts.Embeddings,
> = contracts.Method<S, R>;
/** Marks a class as a pre-training method. Methods are extensions unless they say otherwise. */
export const Method = (info: MethodDeclaration) => attach('method', { extension: true, settings: {}, ...info });
export type Objective<
  S extends contracts.SettingSpecs = contracts.SettingSpecs,
  R extends contracts.TensorMap = contracts.Embeddings,
> = contracts.Objective<S, R>;
/** Marks a class as an objective: a term of the sums that methods are. */
export const Objective = (info: ObjectiveDeclaration) => attach('objective', { settings: {}, ...info });
export type Task = contracts.Task;
/** Marks a class as a downstream task. */
export const Task = (info: contracts.TaskInfo) => attach('task', info);
export type Encoder = contracts.Encoder;
/** Marks a class as an image or text encoder. */
export const Encoder = (info: contracts.EncoderInfo) => attach('encoder', info);
export type Corpus = contracts.Corpus;
/** Marks a class as a source of image-text pairs. */
export const Corpus = (info: contracts.CorpusInfo) => attach('corpus', info);
export type Backend = contracts.Backend;
/** Marks a class as a backend. */
export const Backend = (info: contracts.BackendInfo) => attach('backend', info);
export type Control = contracts.Control;
/** Marks a class as a control row. */
export const Control = (info: contracts.ControlInfo) => attach('control', info);

export type Protocol<Data = unknown, S = contracts.Settings> = contracts.Protocol<Data, S>;
/** Marks a class as a protocol: a way of measuring frozen embeddings. */
export const Protocol = (info: contracts.ProtocolInfo) => attach('protocol', info);

/** The metadata of a decorated class, or undefined for anything else. Inherited metadata does not count. */
export function pluginMetadata(value: unknown): PluginMetadata | undefined {
  return typeof value === 'function' && Object.hasOwn(value, METADATA)
    ? (Reflect.get(value, METADATA) as PluginMetadata)
    : undefined;
}
