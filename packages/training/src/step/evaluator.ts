import type {
  Backend,
  HostTensors,
  LoadOptions,
  Program,
  Session,
  TensorMap,
  TensorSpec,
  ValidationLoss,
} from '@medbench/core';
import { clipObjective } from '@medbench/objectives';
import type * as tf from '@tensorflow/tfjs-core';
import { chunkRanges, REPRESENTATION, representationSpecs, sliceRows, stackRows } from './chunks.js';
import type { StepDefinition } from './definition.js';
import { addPrefix, stripPrefix } from './layout.js';
import { methodLoss } from './loss.js';
import { inputSpecs, represent, representPart, toBatch } from './represent.js';

/** A loss in its two halves, as a method has them: the representations of examples, and the loss of a batch of them. */
interface MeasuredLoss {
  /**
   * Representations that a self-check compares in place of the loss. A loss near 0 is a difference of larger numbers, which
   * two backends round apart.
   */
  readonly compared?: readonly string[];
  /** Specs of the inputs for a batch of `size`. */
  inputs(size: number): Record<string, TensorSpec>;
  /** @throws MedbenchError('config') for a part of a batch, if the representations depend on the rest of it. */
  represent(current: TensorMap, inputs: TensorMap, part: 'whole' | 'chunk'): TensorMap;
  loss(current: TensorMap, representations: TensorMap): tf.Tensor;
}

/** The method's loss, on a batch as the training makes it. */
const ownLoss = (definition: StepDefinition): MeasuredLoss => ({
  inputs: (size) => inputSpecs(definition.model, definition.inputs, size),
  represent(current, inputs, part) {
    const { layout } = definition;
    const represented = part === 'whole' ? represent : representPart;
    const options = { ...definition, frozen: layout.frozen };
    return represented(options, layout.values(current), toBatch(inputs), layout.teacher(current)).representations;
  },
  loss: (current, representations) => methodLoss(definition, representations, definition.layout.values(current)).loss,
});

/** CLIP's loss of the joint embeddings, with both towers as they are evaluated. */
const clipLoss = ({ model, layout }: StepDefinition): MeasuredLoss => ({
  compared: ['image', 'text'],
  inputs: (size) => inputSpecs(model, {}, size),
  represent(current, inputs) {
    const { images, ids } = toBatch(inputs);
    const parameters = layout.values(current);
    return {
      image: model.encodeImage(parameters, images).embedding,
      text: model.encodeText(parameters, ids).embedding,
    };
  },
  loss: (current, representations) => clipObjective(representations, layout.values(current)).loss,
});

const LOSSES: Readonly<Record<ValidationLoss, (definition: StepDefinition) => MeasuredLoss>> = {
  own: ownLoss,
  clip: clipLoss,
};

/** Computes losses on the state of a training, without changing it. */
export interface Evaluator {
  /**
   * Computes the loss of a batch of any size. Batches above `training.chunkSize` are represented in chunks: the largest
   * that divide the batch.
   */
  evaluate(batch: HostTensors, loss?: ValidationLoss): Promise<number>;
  dispose(): Promise<void>;
}

/** The largest divisor of `size` that is at most `limit`. */
function largestChunk(size: number, limit: number): number {
  let chunk = Math.min(size, limit);
  while (size % chunk !== 0) chunk--;
  return chunk;
}

/**
 * Evaluates with programs of their own on the state of a session. A program is loaded for each loss and batch size when
 * it is first needed.
 * @param represented a session that represents chunks of this size for the method's loss, if there is one already.
 */
export function createEvaluator(
  definition: StepDefinition,
  backend: Backend,
  owner: Session,
  options?: LoadOptions,
  represented?: { readonly chunk: number; readonly session: Session },
): Evaluator {
  const { name, layout, training } = definition;
  const sharing = { ...options, share: owner };
  const sessions: Promise<Session>[] = [];
  const load = (program: Program): Promise<Session> => {
    const session = backend.load(program, {}, sharing);
    sessions.push(session);
    return session;
  };
  const open = (loss: ValidationLoss, size: number): ((batch: HostTensors) => Promise<HostTensors>) => {
    const measured = LOSSES[loss](definition);
    const chunk = largestChunk(size, training.chunkSize ?? size);
    const kind = loss === 'own' ? '' : `:${loss}`;
    const compared = measured.compared?.map((representation) => REPRESENTATION + representation);
    const program = { name: `${name}${kind}:loss`, state: layout.state };
    // A single pair, which is contrasted with no other, may have a loss of 0.
    const comparedLoss = size > 1 ? ['loss'] : [];
    if (chunk === size) {
      const session = load({
        ...program,
        inputs: measured.inputs(size),
        selfCheck: compared ?? comparedLoss,
        run(current, inputs) {
          const representations = measured.represent(current, inputs, 'whole');
          const loss = measured.loss(current, representations);
          return { outputs: { loss, ...(compared ? addPrefix(REPRESENTATION, representations) : {}) } };
        },
      });
      return async (batch) => (await session).step(batch);
    }
    const representing =
      loss === 'own' && represented?.chunk === chunk
        ? Promise.resolve(represented.session)
        : load({
            name: `${name}${kind}:represent`,
            state: layout.state,
            inputs: measured.inputs(chunk),
            ...(compared ? { selfCheck: compared } : {}),
            run: (current, inputs) => ({
              outputs: addPrefix(REPRESENTATION, measured.represent(current, inputs, 'chunk')),
            }),
          });
    let losing: Promise<Session> | undefined;
    return async (batch) => {
      const session = await representing;
      const chunks: HostTensors[] = [];
      for (const [from, to] of chunkRanges(size, chunk)) chunks.push(await session.step(sliceRows(batch, from, to)));
      losing ??= load({
        ...program,
        inputs: addPrefix(REPRESENTATION, representationSpecs(chunks[0]!, size)),
        selfCheck: compared ? [] : comparedLoss,
        run: (current, inputs) => ({
          outputs: { loss: measured.loss(current, stripPrefix(REPRESENTATION, inputs)) },
        }),
      });
      return (await losing).step(stackRows(chunks));
    };
  };
  const opened = new Map<string, (batch: HostTensors) => Promise<HostTensors>>();
  return {
    async evaluate(batch, loss = 'own') {
      const size = batch.images!.shape[0]!;
      const key = `${loss} ${size}`;
      const run = opened.get(key) ?? open(loss, size);
      opened.set(key, run);
      return (await run(batch)).loss!.data[0]!;
    },
    async dispose() {
      // A program that could not be loaded has been reported by `evaluate`.
      for (const session of await Promise.allSettled(sessions)) {
        if (session.status === 'fulfilled') await session.value.dispose();
      }
    },
  };
}
