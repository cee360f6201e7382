import type {
  BoundProtocol,
  DataContext,
  EvaluationModel,
  ImageSplits,
  PluginKind,
  PluginKinds,
  Task,
  TaskContext,
  TaskKind,
} from '@medbench/core';
import { findEntry } from '@medbench/core/catalogue';
import { Registry } from '@medbench/core/services';
import type { ProfileClock } from '@medbench/runner';
import type { Sample, TowerTraining } from './record.js';
import { countExamples, type ReducedData, reduceData, reduceImages } from './reduce.js';
import { type Embedded, type EmbeddingBudget, sampledModel, TowersAsked } from './sampled-model.js';

/** The sample of a task for one row. */
export interface SampledTask extends Embedded {
  readonly total: number;
  readonly used: number;
  readonly trainsTowers: readonly TowerTraining[];
}

/** Receives what was taken of a task. */
export interface SampleSink {
  evaluated(task: string, sampled: SampledTask): void;
  searched(task: string, counts: { readonly total: number; readonly used: number }): void;
}

/** Measures a protocol on a sample of the data it is given. One that trains the towers is only noted. */
function sampleProtocol(
  protocol: BoundProtocol,
  reduce: (data: unknown) => ReducedData,
  { epochs, kind }: { readonly epochs: number; readonly kind: TaskKind },
  noteTowers: (training: TowerTraining) => void,
): BoundProtocol {
  return {
    id: protocol.id,
    async measure(model, whole) {
      const { data } = reduce(whole);
      try {
        return await protocol.measure(model, data);
      } catch (error) {
        if (!(error instanceof TowersAsked)) throw error;
        const { train } = data as { readonly train?: { readonly length?: number } };
        noteTowers({ protocol: protocol.id, epochs, examples: train?.length ?? countExamples(kind, data) ?? 1 });
        return undefined;
      }
    },
  };
}

/** A task whose protocols measure a sample of its examples, and whose images for the leak search are a sample. */
function sampleTask(
  id: string,
  kind: TaskKind,
  task: Task,
  { sample, sink, clock, epochs, budget }: SampleOptions,
): Task {
  const evaluate = async (model: EvaluationModel, context: TaskContext) => {
    const reducedByData = new WeakMap<object, ReducedData>();
    let last: ReducedData = { data: undefined, total: 0, used: 0 };
    const reduce = (data: unknown): ReducedData => {
      const reduced = reducedByData.get(data as object) ?? reduceData(kind, data, sample.examples);
      reducedByData.set(data as object, reduced);
      last = reduced;
      return reduced;
    };
    const trainsTowers: TowerTraining[] = [];
    const sampled = sampledModel(model, sample.embedded, clock, budget);
    const protocols = context.protocols.map((protocol) =>
      sampleProtocol(protocol, reduce, { epochs: epochs(protocol.id), kind }, (one) => trainsTowers.push(one)),
    );
    const outcome = await task.evaluate(sampled.model, { ...context, protocols });
    sink.evaluated(id, { ...sampled.embedded(), total: last.total, used: last.used, trainsTowers });
    return outcome;
  };
  const images = async (context: DataContext): Promise<ImageSplits> => {
    const splits = await task.images!(context);
    let [total, used] = [0, 0];
    const reduced = Object.entries(splits).map(([name, split]) => {
      if (!split) return [name, split];
      const few = reduceImages(split.images, sample.examples);
      total += split.images.length;
      used += few.length;
      // Names of subjects go with the images: a sample has none.
      return [name, few === split.images ? split : { images: few }];
    });
    sink.searched(id, { total, used });
    return Object.fromEntries(reduced) as ImageSplits;
  };
  return {
    fingerprint: (context) => task.fingerprint(context),
    evaluate,
    ...(task.images ? { images } : {}),
    ...(task.examples ? { examples: (context) => task.examples!(context) } : {}),
    ...(task.pairs ? { pairs: (context) => task.pairs!(context) } : {}),
  };
}

/** How tasks are sampled. */
export interface SampleOptions {
  readonly sample: Sample;
  readonly sink: SampleSink;
  readonly clock: ProfileClock;
  /** Shared by the tasks of a row; whoever measures another row resets it. */
  readonly budget: EmbeddingBudget;
  /** Number of epochs that a protocol is set to; 1 if it has no such setting. */
  readonly epochs: (protocol: string) => number;
}

/** A registry whose tasks are measured on a sample. */
export class SampledRegistry extends Registry {
  readonly #tasks = new Map<string, Promise<Task>>();

  constructor(
    [catalogue, container]: ConstructorParameters<typeof Registry>,
    private readonly options: SampleOptions,
  ) {
    super(catalogue, container);
  }

  override get<K extends PluginKind>(kind: K, id: string): Promise<PluginKinds[K]['instance']> {
    const plugin = super.get(kind, id);
    if (kind !== 'task') return plugin;
    const { info } = findEntry(this.catalogue, 'task', id);
    const task = this.#tasks.get(id) ?? plugin.then((whole) => sampleTask(id, info.kind, whole as Task, this.options));
    this.#tasks.set(id, task);
    return task as Promise<PluginKinds[K]['instance']>;
  }
}
