import type * as contracts from './contracts/index.js';

/** A method with unspecified settings and representations. */
export type AnyMethod = contracts.Method<contracts.SettingSpecs, contracts.TensorMap>;
/** An objective with unspecified settings and representations. */
export type AnyObjective = contracts.Objective<contracts.SettingSpecs, contracts.TensorMap>;

/** A launcher with unspecified settings. */
export type AnyLauncher = contracts.Launcher<contracts.SettingSpecs>;
/** A tracker with unspecified settings. */
export type AnyTracker = contracts.Tracker<contracts.SettingSpecs>;

/** The info type and the instance type of each kind of plugin. */
export interface PluginKinds {
  method: { info: contracts.MethodInfo; instance: AnyMethod };
  objective: { info: contracts.ObjectiveInfo; instance: AnyObjective };
  task: { info: contracts.TaskInfo; instance: contracts.Task };
  encoder: { info: contracts.EncoderInfo; instance: contracts.Encoder };
  corpus: { info: contracts.CorpusInfo; instance: contracts.Corpus };
  backend: { info: contracts.BackendInfo; instance: contracts.Backend };
  control: { info: contracts.ControlInfo; instance: contracts.Control };
  protocol: { info: contracts.ProtocolInfo; instance: contracts.Protocol };
  launcher: { info: contracts.LauncherInfo; instance: AnyLauncher };
  tracker: { info: contracts.TrackerInfo; instance: AnyTracker };
}
/** A kind of plugin. */
export type PluginKind = keyof PluginKinds;
/** The info that a decorator attaches to a plugin class of kind `K`. */
export type PluginInfo<K extends PluginKind = PluginKind> = PluginKinds[K]['info'];
/**
 * A plugin class. The container resolves the constructor parameters, each of which carries a token (see `Services`).
 */
export type PluginClass<K extends PluginKind = PluginKind> = new (...args: never[]) => PluginKinds[K]['instance'];

/** The data that a decorator attaches to a plugin class. */
export interface PluginMetadata<K extends PluginKind = PluginKind> {
  /** Plugin interface that the class was built for, see `PLUGIN_API`. */
  readonly api: number;
  readonly kind: K;
  readonly info: PluginInfo<K>;
}

/** Major version of the plugin interface. A plugin built for another version is refused with an error that names it. */
export const PLUGIN_API = 1;

// A global symbol, so that a class decorated by a second copy of this package is recognised too.
const METADATA = Symbol.for('medbench.plugin');

function attach<K extends PluginKind>(kind: K, info: PluginInfo<K>) {
  // Only data is attached. The registry finds decorated classes among the exports of a module.
  return <C extends PluginClass<K>>(target: C, _context?: ClassDecoratorContext<C>): void => {
    Object.defineProperty(target, METADATA, { value: Object.freeze({ api: PLUGIN_API, kind, info }) });
  };
}

/** The argument of `@Method`. Optional fields have defaults: `extension` is true, `settings` is empty. */
export type MethodDeclaration = Pick<contracts.MethodInfo, 'id' | 'title' | 'question' | 'source'> & {
  readonly extension?: boolean;
  readonly settings?: contracts.SettingSpecs;
};
/** The argument of `@Objective`. `settings` is empty by default. */
export type ObjectiveDeclaration = Omit<contracts.ObjectiveInfo, 'settings'> & {
  readonly settings?: contracts.SettingSpecs;
};

/** The argument of `@Launcher`. `settings` is empty by default. */
export type LauncherDeclaration = Omit<contracts.LauncherInfo, 'settings'> & {
  readonly settings?: contracts.SettingSpecs;
};

/** The argument of `@Tracker`. `settings` is empty by default. */
export type TrackerDeclaration = Omit<contracts.TrackerInfo, 'settings'> & {
  readonly settings?: contracts.SettingSpecs;
};

/** A pre-training method; see {@link contracts.Method}. */
export type Method<
  S extends contracts.SettingSpecs = contracts.SettingSpecs,
  R extends contracts.TensorMap = contracts.Embeddings,
> = contracts.Method<S, R>;
/**
 * Class decorator that registers a pre-training method.
 *
 * @example
 * ```ts
 * import { defineSettings, Method, number, type SettingsOf, use } from '@medbench/core';
 *
 * const settings = defineSettings({ lambda: number({ default: 1, min: 0, description: 'Weight of the views.' }) });
 *
 * @Method({ id: 'views', title: 'CLIP + views', question: 'unimodal', source: 'arXiv:2112.12750', settings })
 * export class Views implements Method<typeof settings> {
 *   readonly start = 'general';
 *
 *   objectives({ lambda }: SettingsOf<typeof settings>) {
 *     return [use('clip'), use('nt-xent-views', { weight: lambda })];
 *   }
 * }
 * ```
 */
export const Method = (info: MethodDeclaration) => attach('method', { extension: true, settings: {}, ...info });
/** A loss that methods use as a term of their sum; see {@link contracts.Objective}. */
export type Objective<
  S extends contracts.SettingSpecs = contracts.SettingSpecs,
  R extends contracts.TensorMap = contracts.Embeddings,
> = contracts.Objective<S, R>;
/**
 * Class decorator that registers an objective, a term of the sum that a method minimises.
 *
 * @example
 * ```ts
 * import { Objective, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * // Pulls the two embeddings of a pair together.
 * @Objective({ id: 'alignment', title: 'Alignment of pairs', source: 'arXiv:2005.10242, equation 1' })
 * export class Alignment implements Objective {
 *   loss({ representations: { image, text } }: ObjectiveInput): ObjectiveOutput {
 *     return { loss: tf.mean(tf.squaredDifference(image, text)) as tf.Scalar, terms: {} };
 *   }
 * }
 * ```
 */
export const Objective = (info: ObjectiveDeclaration) => attach('objective', { settings: {}, ...info });
/** A downstream task; see {@link contracts.Task}. */
export type Task = contracts.Task;
/**
 * Class decorator that registers a downstream task.
 *
 * @example
 * ```ts
 * import { type EvaluationModel, measureAll, type RasterImage, Task, type TaskContext } from '@medbench/core';
 * import type { ClassificationData, LabelledImages } from '@medbench/evaluation';
 *
 * const SIDE = 32;
 * const CLASSES = ['dark', 'bright'];
 *
 * const flat = (value: number): RasterImage => ({
 *   ...{ width: SIDE, height: SIDE, channels: 1 },
 *   data: new Uint8Array(SIDE * SIDE).fill(value),
 * });
 * const split = (length: number): LabelledImages => ({
 *   images: { length, get: async (i) => flat(i % 2 === 0 ? 60 : 180) },
 *   labels: Int32Array.from({ length }, (_, i) => i % 2),
 * });
 *
 * @Task({
 *   id: 'brightness',
 *   title: 'Brightness',
 *   version: 1,
 *   modality: 'mixed',
 *   kind: 'classification',
 *   protocols: ['zero-shot', 'linear-probe'],
 *   classes: CLASSES,
 *   splits: { train: 80, val: 0, test: 60 },
 *   licence: 'MIT',
 *   access: 'generated',
 *   citation: 'generated by this example',
 *   metric: { 'zero-shot': 'accuracy', 'linear-probe': 'accuracy' },
 * })
 * export class Brightness implements Task {
 *   async fingerprint() {
 *     return 'brightness/1';
 *   }
 *
 *   async evaluate(model: EvaluationModel, context: TaskContext) {
 *     const splits = { train: split(80), test: split(60) };
 *     const data: ClassificationData = { ...splits, classes: CLASSES, prompts: ['a {} image.'] };
 *     return { synthetic: true, results: await measureAll(context.protocols, model, data) };
 *   }
 * }
 * ```
 */
export const Task = (info: contracts.TaskInfo) => attach('task', info);
/** An image or text encoder; see {@link contracts.Encoder}. */
export type Encoder = contracts.Encoder;
/**
 * Class decorator that registers an image or text encoder.
 *
 * @example
 * ```ts
 * import { Encoder, type EncoderOptions } from '@medbench/core';
 * import { vitModel } from '@medbench/encoders-vit';
 *
 * const SIZES = { id: 'vit-tiny', imageSize: 32, patchSize: 8, width: 64, layers: 2 };
 *
 * @Encoder({
 *   ...{ id: 'vit-tiny', title: 'tiny ViT, 32 pixels', modality: 'image', source: 'this example' },
 *   ...{ layers: 2, width: 64, embedDim: 64, imageSize: 32, parameters: 117_760 },
 *   stages: { embedding: 13_568, blocks: [49_984, 49_984], head: 4_224 },
 * })
 * export class VitTiny implements Encoder {
 *   build({ embedDim, activation = 'quick-gelu' }: EncoderOptions) {
 *     return vitModel({ ...SIZES, embedDim, activation });
 *   }
 * }
 * ```
 */
export const Encoder = (info: contracts.EncoderInfo) => attach('encoder', info);
/** A corpus of image-text pairs; see {@link contracts.Corpus}. */
export type Corpus = contracts.Corpus;
/**
 * Class decorator that registers a corpus of image-text pairs to train on.
 *
 * @example
 * ```ts
 * import { join } from 'node:path';
 * import { Corpus, type CorpusContext, type OpenedCorpus } from '@medbench/core';
 * import { captionTable, fingerprintFiles } from '@medbench/formats';
 *
 * @Corpus({
 *   id: 'my-lab',
 *   title: 'Pairs of my lab',
 *   domain: 'medical',
 *   licence: 'MIT',
 *   access: 'open',
 *   source: 'https://example.org/my-lab',
 * })
 * export class MyLab implements Corpus {
 *   async open({ dataRoot }: CorpusContext): Promise<OpenedCorpus> {
 *     const table = join(dataRoot, 'my-lab', 'captions.csv');
 *     const imageDir = join(dataRoot, 'my-lab', 'images');
 *     return {
 *       fingerprint: await fingerprintFiles([table]),
 *       synthetic: false,
 *       pairs: await captionTable({ table, imageColumn: 'image', captionColumn: 'caption', imageDir }),
 *     };
 *   }
 * }
 * ```
 */
export const Corpus = (info: contracts.CorpusInfo) => attach('corpus', info);
/** A backend, which runs programs; see {@link contracts.Backend}. */
export type Backend = contracts.Backend;
/**
 * Class decorator that registers a backend.
 *
 * @example
 * ```ts
 * import { activateBackend, eagerSession } from '@medbench/backend-kit';
 * import { Backend, type BackendStatus, type HostTensors, type LoadOptions, type Program } from '@medbench/core';
 * import '@tensorflow/tfjs-backend-cpu';
 *
 * @Backend({ id: 'javascript', title: 'Plain JavaScript, op by op', priority: 90 })
 * export class JavaScript implements Backend {
 *   readonly id = 'javascript';
 *
 *   async status(): Promise<BackendStatus> {
 *     return { available: true, reason: 'runs everywhere' };
 *   }
 *
 *   load(program: Program, state: HostTensors, options?: LoadOptions) {
 *     return eagerSession(program, state, { activate: () => activateBackend('cpu'), share: options?.share });
 *   }
 * }
 * ```
 */
export const Backend = (info: contracts.BackendInfo) => attach('backend', info);
/** A control row, which no method trained; see {@link contracts.Control}. */
export type Control = contracts.Control;
/**
 * Class decorator that registers a control row.
 *
 * @example
 * ```ts
 * import { Control, type ControlContext, type EvaluationModel } from '@medbench/core';
 *
 * @Control({
 *   id: 'untrained',
 *   title: 'Untrained encoder',
 *   protocols: ['zero-shot', 'linear-probe'],
 *   needsTowers: true,
 *   source: 'the encoders of the run at initialisation',
 * })
 * export class Untrained implements Control {
 *   model({ untrained }: ControlContext): Promise<EvaluationModel> {
 *     return untrained();
 *   }
 * }
 * ```
 */
export const Control = (info: contracts.ControlInfo) => attach('control', info);

/** A protocol, which measures frozen embeddings; see {@link contracts.Protocol}. */
export type Protocol<Data = unknown, S = contracts.Settings> = contracts.Protocol<Data, S>;
/**
 * Class decorator that registers a protocol, which measures frozen embeddings on the data of a task.
 *
 * @example
 * ```ts
 * import { type EvaluationModel, Protocol, type TaskResult } from '@medbench/core';
 * import type { ClassificationData } from '@medbench/evaluation';
 *
 * @Protocol({
 *   id: 'norms',
 *   title: 'feature norms',
 *   kinds: ['classification'],
 *   primary: 'norm',
 *   metrics: { norm: { description: 'Mean L2 norm of the features of the test images.' } },
 * })
 * export class Norms implements Protocol<ClassificationData> {
 *   async measure(model: EvaluationModel, { test }: ClassificationData): Promise<TaskResult | undefined> {
 *     if (!model.can.images) return undefined;
 *     const { rows, cols, data } = await model.imageFeatures(test.images, 'test');
 *     const row = (i: number) => data.subarray(i * cols, (i + 1) * cols);
 *     const perExample = Array.from({ length: rows }, (_, i) => Math.hypot(...row(i)));
 *     const value = perExample.reduce((sum, norm) => sum + norm, 0) / rows;
 *     const metrics = { norm: { value, ci95: [Math.min(...perExample), Math.max(...perExample)] as const } };
 *     return { protocol: 'norms', metric: 'norm', metrics, n: rows, perExample };
 *   }
 * }
 * ```
 */
export const Protocol = (info: contracts.ProtocolInfo) => attach('protocol', info);

/** A launcher, which decides where the units of a run are carried out; see {@link contracts.Launcher}. */
export type Launcher<S extends contracts.SettingSpecs = contracts.SettingSpecs> = contracts.Launcher<S>;
/**
 * Class decorator that registers a launcher, which decides where the units of a run are carried out.
 *
 * @example
 * ```ts
 * import { execFile } from 'node:child_process';
 * import { promisify } from 'node:util';
 * import { defineSettings, Launcher, type LaunchOutcome, type LaunchRequest, text } from '@medbench/core';
 *
 * const settings = defineSettings({ host: text({ default: 'node1', description: 'Machine to work on.' }) });
 *
 * // Carries everything out on another machine that sees the same files.
 * @Launcher({ id: 'ssh', title: 'On another machine', settings })
 * export class Ssh implements Launcher<typeof settings> {
 *   async launch({ command, cwd, settings, signal }: LaunchRequest<typeof settings>): Promise<LaunchOutcome> {
 *     const words = command().map((word) => `'${word.replaceAll("'", "'\\''")}'`);
 *     await promisify(execFile)('ssh', [settings.host, `cd '${cwd}' && ${words.join(' ')}`], { signal });
 *     return { state: 'ended' };
 *   }
 * }
 * ```
 */
export const Launcher = (info: LauncherDeclaration) => attach('launcher', { settings: {}, ...info });

/** A tracker, which shows the curves of a run elsewhere; see {@link contracts.Tracker}. */
export type Tracker<S extends contracts.SettingSpecs = contracts.SettingSpecs> = contracts.Tracker<S>;
/**
 * Class decorator that registers a tracker, which shows the curves and figures of a run elsewhere.
 *
 * @example
 * ```ts
 * import { appendFile, mkdir } from 'node:fs/promises';
 * import { join } from 'node:path';
 * import { Tracker, type TrackerRequest, type TrackerSession } from '@medbench/core';
 *
 * // Appends each value to a table in the run folder.
 * @Tracker({ id: 'csv', title: 'A table of all values' })
 * export class Csv implements Tracker {
 *   async open({ files }: TrackerRequest): Promise<TrackerSession> {
 *     await mkdir(files, { recursive: true });
 *     return {
 *       send: async ({ name }, points) => {
 *         const lines = points.map(({ curve, step, value }) => `"${name}","${curve}",${step},${value}\n`);
 *         await appendFile(join(files, 'values.csv'), lines.join(''));
 *       },
 *     };
 *   }
 * }
 * ```
 */
export const Tracker = (info: TrackerDeclaration) => attach('tracker', { settings: {}, ...info });

/** Returns the metadata of a decorated class, or undefined for any other value. Inherited metadata does not count. */
export function pluginMetadata(value: unknown): PluginMetadata | undefined {
  return typeof value === 'function' && Object.hasOwn(value, METADATA)
    ? (Reflect.get(value, METADATA) as PluginMetadata)
    : undefined;
}
