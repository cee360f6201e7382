import {
  type Backend,
  elementCount,
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
import { chunkRanges, REPRESENTATION, representationSpecs, sliceRows, stackRows } from './chunks.js';
import type { StepDefinition } from './definition.js';
import { createEvaluator } from './evaluator.js';
import { addPrefix, floatSpec, SPACE, stripPrefix, zeroGroups } from './layout.js';
import { checkReached, methodLoss } from './loss.js';
import { inputSpecs, representPart, toBatch } from './represent.js';
import { buildStep, type LoadedStep, type StepMemory, TERM, type TrainingStep } from './step.js';
import { update } from './update.js';

/** Prefix, among inputs and outputs, of the loss's gradients with respect to representations. */
const BY_REPRESENTATION = 'by/';

/** Σ a b, a scalar. */
const innerProduct = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.sum(tf.mul(a, b)) as tf.Scalar;
/** The sum of scalars; 0 if there are none. */
const total = (scalars: readonly tf.Scalar[]): tf.Scalar =>
  (scalars.length > 0 ? tf.addN([...scalars]) : tf.scalar(0)) as tf.Scalar;

/** The programs of a step in chunks. They share one state. */
interface CachedPrograms {
  /** Owns the state. Updates it from the summed gradients: clipping, AdamW and what follows. */
  readonly update: Program;
  /** Represents a chunk. */
  readonly represent: Program;
  /**
   * Computes the loss of the whole batch from its representations, and the gradients of the loss with respect to these
   * and to the parameters that it uses directly.
   */
  objective(specs: Readonly<Record<string, TensorSpec>>): Program;
  /** Adds a chunk's share of the gradient, given the loss's gradients with respect to its representations. */
  accumulate(specs: Readonly<Record<string, TensorSpec>>): Program;
}

function buildPrograms(definition: StepDefinition, chunk: number): CachedPrograms {
  const { name, model, method, training, layout } = definition;
  const sums = Object.fromEntries(
    layout.packing.groups.map(({ name: group, shape }) => [SPACE.gradient + group, floatSpec(shape)]),
  );
  const state = { ...layout.state, ...sums };
  const gradientNames = Object.keys(sums);
  const chunkInputs = inputSpecs(model, definition.inputs, chunk);
  /**
   * Whether the loss depends on a trained parameter directly, not only through the representations. Known once the
   * loss is differentiated.
   */
  let usesParameters = true;
  const representChunk = (parameters: TensorMap, inputs: TensorMap, current: TensorMap): TensorMap => {
    const options = { ...definition, frozen: layout.frozen };
    return representPart(options, parameters, toBatch(inputs), layout.teacher(current)).representations;
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
      inputs: chunkInputs,
      run: (current, inputs) => ({
        outputs: addPrefix(REPRESENTATION, representChunk(layout.values(current), inputs, current)),
      }),
    },
    objective: (specs) => ({
      name: `${name}:objective`,
      state,
      inputs: addPrefix(REPRESENTATION, specs),
      selfCheck: ['loss', ...gradientNames],
      run(current, inputs) {
        const groups = stripPrefix(SPACE.trained, current);
        const variables = { ...addPrefix(SPACE.trained, groups), ...inputs };
        const { value, gradients, terms, reached } = differentiate(variables, (tracked) => {
          const representations = stripPrefix(REPRESENTATION, tracked);
          const parameters = layout.values(current, stripPrefix(SPACE.trained, tracked));
          const output = methodLoss(definition, representations, parameters);
          const updates = addPrefix(SPACE.buffer, output.updates);
          return { value: output.loss, terms: { ...addPrefix(TERM, output.terms), ...updates } };
        });
        checkReached(method, reached);
        usesParameters = reached.some((variable) => variable.startsWith(SPACE.trained));
        return {
          state: {
            ...addPrefix(SPACE.gradient, stripPrefix(SPACE.trained, gradients)),
            ...addPrefix(SPACE.buffer, stripPrefix(SPACE.buffer, terms)),
          },
          outputs: {
            loss: value,
            ...addPrefix(TERM, stripPrefix(TERM, terms)),
            ...addPrefix(BY_REPRESENTATION, stripPrefix(REPRESENTATION, gradients)),
          },
        };
      },
    }),
    accumulate: (specs) => ({
      name: `${name}:accumulate`,
      state,
      inputs: { ...chunkInputs, ...addPrefix(BY_REPRESENTATION, specs) },
      selfCheck: gradientNames,
      run(current, inputs) {
        const byRepresentation = stripPrefix(BY_REPRESENTATION, inputs);
        const { gradients, reached } = differentiate(stripPrefix(SPACE.trained, current), (groups) => {
          const representations = representChunk(layout.values(current, groups), inputs, current);
          const products = Object.entries(representations).map(([representation, value]) =>
            innerProduct(value, byRepresentation[representation]!),
          );
          return { value: total(products), terms: {} };
        });
        if (!usesParameters) checkReached(method, reached);
        const sum = Object.entries(gradients).map(([group, gradient]) => [
          SPACE.gradient + group,
          tf.add(current[SPACE.gradient + group]!, gradient),
        ]);
        return { state: Object.fromEntries(sum) as TensorMap, outputs: {} };
      },
    }),
  };
}

/** Estimates the memory of the four programs of a step, plus the arrays of the batch and its representations. */
async function estimateMemory(
  backend: Pick<Backend, 'estimate'>,
  programs: CachedPrograms,
  batchSize: number,
  chunk: number,
): Promise<StepMemory | undefined> {
  if (!backend.estimate) return undefined;
  const represented = await backend.estimate(programs.represent);
  const [batchSpecs, chunkSpecs] = [batchSize, chunk].map((rowCount) =>
    representationSpecs(represented.outputs, rowCount),
  ) as [TensorSpecs, TensorSpecs];
  const updated = await backend.estimate(programs.update);
  const differentiated = await backend.estimate(programs.objective(batchSpecs));
  const accumulated = await backend.estimate(programs.accumulate(chunkSpecs));
  const estimates = [represented, updated, differentiated, accumulated];
  // The programs run in turn and share their garbage: count the maximum, not the sum.
  let bytes = updated.stateBytes + estimates.reduce((sum, program) => sum + program.bytes - program.garbageBytes, 0);
  bytes += Math.max(...estimates.map((program) => program.garbageBytes));
  bytes += countBytes(programs.represent.inputs) * (batchSize / chunk) + 3 * countBytes(batchSpecs);
  const checkBytes = Math.max(...estimates.map((program) => program.checkBytes));
  return { bytes, peakBytes: represented.baseBytes + bytes, checkBytes };
}

type TensorSpecs = Readonly<Record<string, TensorSpec>>;
const countBytes = (specs: TensorSpecs): number =>
  Object.values(specs).reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);

/**
 * A method's training step that computes the gradient of the whole batch in the memory of a chunk (gradient caching,
 * arXiv:2101.06983, algorithm 1): represent all chunks, differentiate the loss with respect to the representations,
 * then represent each chunk again and backpropagate those gradients.
 * @throws MedbenchError('config') if the batch is no multiple of the chunk, or a tower trains batch norm.
 */
export function cachedStep(definition: StepDefinition, chunk: number): TrainingStep {
  const { batchSize } = definition.training;
  if (batchSize % chunk !== 0) {
    throw new MedbenchError('config', `A batch of ${batchSize} does not divide into chunks of ${chunk}`, {
      hint: 'Set training.chunkSize to a divisor of training.batchSize.',
    });
  }
  const ranges = chunkRanges(batchSize, chunk);
  const programs = buildPrograms(definition, chunk);
  const load = async (backend: Backend, state: HostTensors, options?: LoadOptions): Promise<LoadedStep> => {
    const zeros = addPrefix(SPACE.gradient, zeroGroups(definition.layout.packing));
    const owner = await backend.load(programs.update, { ...state, ...zeros }, options);
    const sharing = { ...options, share: owner };
    const representSession = await backend.load(programs.represent, {}, sharing);
    let lateSessions: { readonly objective: Session; readonly accumulate: Session } | undefined;
    const evaluator = createEvaluator(definition, backend, owner, options, { chunk, session: representSession });
    const representBatch = async (batch: HostTensors): Promise<HostTensors[]> => {
      const chunkOutputs: HostTensors[] = [];
      for (const [from, to] of ranges) chunkOutputs.push(await representSession.step(sliceRows(batch, from, to)));
      return chunkOutputs;
    };
    return {
      async step(batch) {
        const chunkOutputs = await representBatch(batch);
        lateSessions ??= {
          objective: await backend.load(
            programs.objective(representationSpecs(chunkOutputs[0]!, batchSize)),
            {},
            sharing,
          ),
          accumulate: await backend.load(
            programs.accumulate(representationSpecs(chunkOutputs[0]!, chunk)),
            {},
            sharing,
          ),
        };
        const outputs = await lateSessions.objective.step(stackRows(chunkOutputs));
        const byRepresentation = addPrefix(BY_REPRESENTATION, stripPrefix(BY_REPRESENTATION, outputs));
        for (const [from, to] of ranges) {
          await lateSessions.accumulate.step({
            ...sliceRows(batch, from, to),
            ...sliceRows(byRepresentation, from, to),
          });
        }
        const lossOutputs = Object.fromEntries(
          Object.entries(outputs).filter(([name]) => !name.startsWith(BY_REPRESENTATION)),
        );
        return { ...lossOutputs, ...(await owner.step({})) };
      },
      evaluate: evaluator.evaluate,
      readState: () => owner.readState(Object.keys(definition.layout.state)),
      async dispose() {
        await evaluator.dispose();
        for (const session of [lateSessions?.objective, lateSessions?.accumulate, representSession, owner])
          await session?.dispose();
      },
    };
  };
  return buildStep(definition, { load, memory: (backend) => estimateMemory(backend, programs, batchSize, chunk) });
}
