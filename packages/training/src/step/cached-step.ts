import {
  type Backend,
  elementCount,
  type HostTensor,
  type HostTensors,
  type LoadOptions,
  MedbenchError,
  type Program,
  type Session,
  type TensorMap,
  type TensorSpec,
} from '@medbench/core';
import { differentiate } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { addPrefix, float, nothing, SPACE, stripPrefix } from './layout.js';
import { checkReached, methodLoss } from './loss.js';
import { inputSpecs, represent, toBatch } from './represent.js';
import { buildStep, type LoadedStep, type StepMemory, type StepParts, TERM, type TrainingStep } from './step.js';
import { update } from './update.js';

/** Name spaces of representations, and of the loss's gradients by them, among inputs and outputs. */
const REPRESENTATION = 'representation/';
const BY_REPRESENTATION = 'by/';

/** Σ a b, a scalar. */
const inner = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.sum(tf.mul(a, b)) as tf.Scalar;
const total = (parts: readonly tf.Scalar[]): tf.Scalar =>
  (parts.length > 0 ? tf.addN([...parts]) : tf.scalar(0)) as tf.Scalar;

/** The programs of a step in chunks. They work on one state. */
interface CachedPrograms {
  /** Owns the state: clipping, AdamW and what follows, from the sums of gradients. */
  readonly update: Program;
  /** Representations of a chunk. */
  readonly represent: Program;
  /** The loss of the whole batch from its representations, its gradients by them, and by the parameters it uses itself. */
  objective(specs: Readonly<Record<string, TensorSpec>>): Program;
  /** The loss of the whole batch from its representations, and nothing else. */
  loss(specs: Readonly<Record<string, TensorSpec>>): Program;
  /** Adds a chunk's share of the gradient, given the loss's gradients by its representations. */
  accumulate(specs: Readonly<Record<string, TensorSpec>>): Program;
}

function programs(parts: StepParts, chunk: number): CachedPrograms {
  const { name, model, method, training, layout } = parts;
  const sums = Object.fromEntries(
    layout.packing.groups.map(({ name: group, shape }) => [SPACE.gradient + group, float(shape)]),
  );
  const state = { ...layout.state, ...sums };
  const gradients = Object.keys(sums);
  const inputs = inputSpecs(model, parts.inputs, chunk);
  /** Whether the loss depends on a trained parameter by itself, beside the representations: known once it is differentiated. */
  let direct = true;
  const run = (parameters: TensorMap, given: TensorMap, current: TensorMap): TensorMap => {
    const { representations, updates } = represent(
      { ...parts, frozen: layout.frozen },
      parameters,
      toBatch(given),
      layout.teacher(current),
    );
    if (Object.keys(updates).length > 0) {
      throw new MedbenchError(
        'config',
        `${name} cannot train in chunks: its image tower has batch norm, whose statistics would be those of a chunk`,
        { hint: 'Set training.chunkSize=null, or freeze the tower: then the running statistics are used.' },
      );
    }
    return representations;
  };
  return {
    update: {
      name: `${name}:update`,
      state,
      inputs: {},
      selfCheck: ['gradientNorm', ...layout.packing.groups.map((group) => SPACE.firstMoment + group.name)],
      run(current) {
        return update(layout, training, current, stripPrefix(SPACE.gradient, current));
      },
    },
    represent: {
      name: `${name}:represent`,
      state: layout.state,
      inputs,
      run: (current, given) => ({ outputs: addPrefix(REPRESENTATION, run(layout.values(current), given, current)) }),
    },
    objective: (specs) => ({
      name: `${name}:objective`,
      state,
      inputs: addPrefix(REPRESENTATION, specs),
      selfCheck: ['loss', ...gradients],
      run(current, given) {
        const groups = stripPrefix(SPACE.trained, current);
        const variables = { ...addPrefix(SPACE.trained, groups), ...given };
        const {
          value,
          gradients: found,
          terms,
          reached,
        } = differentiate(variables, (moved) => {
          const representations = stripPrefix(REPRESENTATION, moved);
          const parameters = layout.values(current, stripPrefix(SPACE.trained, moved));
          const output = methodLoss(parts, representations, parameters);
          const updates = addPrefix(SPACE.buffer, output.updates);
          return { value: output.loss, terms: { ...addPrefix(TERM, output.terms), ...updates } };
        });
        checkReached(method, reached);
        direct = reached.some((variable) => variable.startsWith(SPACE.trained));
        return {
          state: {
            ...addPrefix(SPACE.gradient, stripPrefix(SPACE.trained, found)),
            ...addPrefix(SPACE.buffer, stripPrefix(SPACE.buffer, terms)),
          },
          outputs: {
            loss: value,
            ...addPrefix(TERM, stripPrefix(TERM, terms)),
            ...addPrefix(BY_REPRESENTATION, stripPrefix(REPRESENTATION, found)),
          },
        };
      },
    }),
    loss: (specs) => ({
      name: `${name}:loss`,
      state: layout.state,
      inputs: addPrefix(REPRESENTATION, specs),
      selfCheck: ['loss'],
      run(current, given) {
        const representations = stripPrefix(REPRESENTATION, given);
        return { outputs: { loss: methodLoss(parts, representations, layout.values(current)).loss } };
      },
    }),
    accumulate: (specs) => ({
      name: `${name}:accumulate`,
      state,
      inputs: { ...inputs, ...addPrefix(BY_REPRESENTATION, specs) },
      selfCheck: gradients,
      run(current, given) {
        const by = stripPrefix(BY_REPRESENTATION, given);
        const { gradients: found, reached } = differentiate(stripPrefix(SPACE.trained, current), (groups) => {
          const representations = run(layout.values(current, groups), given, current);
          const products = Object.entries(representations).map(([one, value]) => inner(value, by[one]!));
          return { value: total(products), terms: {} };
        });
        if (!direct) checkReached(method, reached);
        const sum = Object.entries(found).map(([group, gradient]) => [
          SPACE.gradient + group,
          tf.add(current[SPACE.gradient + group]!, gradient),
        ]);
        return { state: Object.fromEntries(sum) as TensorMap, outputs: {} };
      },
    }),
  };
}

/** Rows `from` to `to` of each tensor, sharing memory. */
function rows(tensors: HostTensors, from: number, to: number): HostTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, dtype, data }]) => {
      const size = data.length / shape[0]!;
      return [name, { shape: [to - from, ...shape.slice(1)], dtype, data: data.subarray(from * size, to * size) }];
    }),
  );
}

/** Tensors laid end to end along the first axis, by name. */
function stacked(parts: readonly HostTensors[]): HostTensors {
  return Object.fromEntries(
    Object.entries(parts[0]!).map(([name, { shape, dtype, data: first }]) => {
      const data = new (first.constructor as Float32ArrayConstructor)(first.length * parts.length);
      for (const [i, part] of parts.entries()) data.set(part[name]!.data as Float32Array, i * first.length);
      return [name, { shape: [shape[0]! * parts.length, ...shape.slice(1)], dtype, data } satisfies HostTensor];
    }),
  );
}

/** Shapes of representations, each with so many rows. */
const specsOf = (first: Readonly<Record<string, TensorSpec>>, count: number): Record<string, TensorSpec> =>
  Object.fromEntries(
    Object.entries(stripPrefix(REPRESENTATION, first)).map(([name, { shape, dtype }]) => [
      name,
      { shape: [count, ...shape.slice(1)], dtype },
    ]),
  );

/** The four programs of a step, and the batch with its representations, which lie in arrays of their own. */
async function cachedMemory(
  backend: Backend,
  made: CachedPrograms,
  batchSize: number,
  chunk: number,
): Promise<StepMemory | undefined> {
  if (!backend.estimate) return undefined;
  const represent = await backend.estimate(made.represent);
  const [all, one] = [batchSize, chunk].map((rows) => specsOf(represent.outputs, rows)) as [Specs, Specs];
  const owner = await backend.estimate(made.update);
  const objective = await backend.estimate(made.objective(all));
  const accumulate = await backend.estimate(made.accumulate(one));
  const each = [represent, owner, objective, accumulate];
  let bytes = owner.stateBytes + each.reduce((sum, program) => sum + program.bytes - program.garbageBytes, 0);
  bytes += Math.max(...each.map((program) => program.garbageBytes));
  bytes += bytesOf(made.represent.inputs) * (batchSize / chunk) + 3 * bytesOf(all);
  const checkBytes = Math.max(...each.map((program) => program.checkBytes));
  return { bytes, peakBytes: represent.baseBytes + bytes, checkBytes };
}

type Specs = Readonly<Record<string, TensorSpec>>;
const bytesOf = (specs: Specs): number =>
  Object.values(specs).reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);

/**
 * A method's training step with the gradient of the whole batch in the memory of a chunk (gradient caching,
 * arXiv:2101.06983, algorithm 1): represent all chunks, differentiate the loss by the representations, then represent
 * each chunk again and pass those gradients on.
 * @throws MedbenchError('config') if the batch is no multiple of the chunk, or a tower has batch norm that trains.
 */
export function cachedStep(parts: StepParts, chunk: number): TrainingStep {
  const { batchSize } = parts.training;
  if (batchSize % chunk !== 0) {
    throw new MedbenchError('config', `A batch of ${batchSize} does not divide into chunks of ${chunk}`, {
      hint: 'Set training.chunkSize to a divisor of training.batchSize.',
    });
  }
  const chunks = Array.from({ length: batchSize / chunk }, (_, i) => [i * chunk, (i + 1) * chunk] as const);
  const made = programs(parts, chunk);
  const load = async (backend: Backend, state: HostTensors, options?: LoadOptions): Promise<LoadedStep> => {
    const zeros = addPrefix(SPACE.gradient, nothing(parts.layout.packing));
    const owner = await backend.load(made.update, { ...state, ...zeros }, options);
    const sharing = { ...options, share: owner };
    const represent = await backend.load(made.represent, {}, sharing);
    let later: { readonly objective: Session; readonly accumulate: Session } | undefined;
    let alone: Session | undefined;
    const represented = async (batch: HostTensors): Promise<HostTensors[]> => {
      const found: HostTensors[] = [];
      for (const [from, to] of chunks) found.push(await represent.step(rows(batch, from, to)));
      return found;
    };
    return {
      async step(batch) {
        const found = await represented(batch);
        later ??= {
          objective: await backend.load(made.objective(specsOf(found[0]!, batchSize)), {}, sharing),
          accumulate: await backend.load(made.accumulate(specsOf(found[0]!, chunk)), {}, sharing),
        };
        const outputs = await later.objective.step(stacked(found));
        const by = addPrefix(BY_REPRESENTATION, stripPrefix(BY_REPRESENTATION, outputs));
        for (const [from, to] of chunks) {
          await later.accumulate.step({ ...rows(batch, from, to), ...rows(by, from, to) });
        }
        const rest = Object.fromEntries(
          Object.entries(outputs).filter(([name]) => !name.startsWith(BY_REPRESENTATION)),
        );
        return { ...rest, ...(await owner.step({})) };
      },
      async evaluate(batch) {
        const found = await represented(batch);
        alone ??= await backend.load(made.loss(specsOf(found[0]!, batchSize)), {}, sharing);
        return (await alone.step(stacked(found))).loss!.data[0]!;
      },
      readState: () => owner.readState(Object.keys(parts.layout.state)),
      async dispose() {
        for (const session of [alone, later?.objective, later?.accumulate, represent, owner]) await session?.dispose();
      },
    };
  };
  return buildStep(parts, { load, memory: (backend) => cachedMemory(backend, made, batchSize, chunk) });
}
