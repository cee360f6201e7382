import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type Backend,
  type DualEncoderModel,
  type EvaluationModel,
  type HostTensor,
  type HostTensors,
  MedbenchError,
  NO_PROFILE,
  type ProtocolContext,
  type Session,
  type TaskResult,
  type TensorSpec,
} from '@medbench/core';
import { argMax, measureVqa, prepareVqa, type VqaData, vqaResult } from '@medbench/evaluation';
import { readSafetensors } from '@medbench/nn';
import { trainSupervised } from '@medbench/training';
import { checkAutoEncoder } from './auto-encoder.js';
import {
  type BatchParts,
  type FrozenOutputs,
  type ImageReader,
  imageReader,
  makeInputs,
  type QuestionRows,
  questionRows,
  trainingBatches,
} from './inputs.js';
import { type AnswerModel, answerModel, INPUT, runTowers } from './model.js';
import { fitPositions } from './positions.js';
import { type FineTunedVqaSettings, scheduledRate } from './settings.js';

/** Id of the protocol. */
export const FINE_TUNED_VQA = 'vqa-fine-tuned';

type Context = ProtocolContext<FineTunedVqaSettings>;

/**
 * Measures visual question answering after fine-tuning on the training questions, as the study: a copy of the towers, an
 * auto-encoder and a bilinear attention head learn together (`train: all`), or the head alone. Figures, intervals and
 * scores of single examples are those of the protocol `vqa`, so that both can be compared.
 *
 * A model without towers, such as a control of fixed features, is measured with the classifier of `vqa` instead, so that
 * the controls stand in the same column.
 * @returns undefined if the protocol is off, or the model embeds nothing.
 * @throws MedbenchError as `prepareVqa`, `questionRows` and `trainSupervised`.
 */
export async function measureFineTunedVqa(
  model: EvaluationModel,
  data: VqaData,
  context: Context,
): Promise<TaskResult | undefined> {
  const { settings, backend, embedOnly = false } = context;
  if (settings.head === 'none' || embedOnly) return undefined;
  const towers = await model.towers?.();
  if (!towers) {
    const { settings: _, ...rest } = context;
    const result = await measureVqa(model, data, rest);
    if (!result) return undefined;
    const notes = ['no towers to train: measured with the frozen-embedding head of VQA', ...(result.notes ?? [])];
    return { ...result, protocol: FINE_TUNED_VQA, notes };
  }
  if (!backend) throw new MedbenchError('config', 'Fine-tuned VQA needs a backend to train on');
  const prepared = prepareVqa(data, context);
  const { places } = settings;
  const tuned = towers.model(places);
  const weights = fitPositions(towers.weights, tuned.parameters);
  const { train, targets, vocabulary } = prepared;
  const answers = vocabulary.answers.length;
  const rows = questionRows(train, data.test, settings, towers, tuned.text);
  const reader = imageReader(data.images, towers, settings);
  const batch = Math.min(settings.batchSize, train.length);
  const frozen =
    settings.train === 'head'
      ? await embedFrozen(backend, tuned, weights, { reader, rows, images: data.images.length, batch }, context)
      : undefined;
  const answerer = answerModel({
    ...{ model: tuned, settings, answers, batch },
    places: frozen ? frozen.words.shape[1]! : places,
  });
  const parts: BatchParts = { examples: [...train, ...data.test], rows, reader, frozen };
  const autoEncoder = await readAutoEncoder(settings);
  const stepsPerEpoch = Math.floor(train.length / batch);
  const trained = await trainSupervised({
    what: `${FINE_TUNED_VQA} on ${train.length} questions`,
    step: answerer.step,
    backend,
    start: () => answerer.start(context.seed, weights, autoEncoder?.tensors),
    steps: settings.epochs * stepsPerEpoch,
    learningRate: (step) => scheduledRate(settings.learningRate, Math.floor(step / stepsPerEpoch)),
    batch: trainingBatches(answerer, parts, targets, { batch, answers, seed: context.seed }),
    checkpointEvery: stepsPerEpoch,
    ...{ resume: context.resume, signal: context.signal, event: context.event, profile: context.profile },
  });
  try {
    const predicted = await predict(backend, trained.session, answerer, parts, {
      ...{ first: train.length, count: data.test.length, batch, answers },
    });
    return vqaResult(FINE_TUNED_VQA, predicted, prepared, data, context, [
      trainingNote(settings, tuned, stepsPerEpoch),
      ...(tuned.text.contextLength === towers.model().text.contextLength
        ? []
        : [`position table of ${towers.model().text.contextLength} rows resized to ${places}`]),
      rows.note,
      autoEncoderNote(settings, autoEncoder?.hash),
    ]);
  } finally {
    await trained.session.dispose();
  }
}

/** How the head was trained, for readers of the figure. */
function trainingNote(
  { train, glimpses, hidden, epochs, image }: FineTunedVqaSettings,
  model: DualEncoderModel,
  stepsPerEpoch: number,
): string {
  const trained = train === 'all' ? 'towers and head' : 'the head on frozen towers';
  const width = hidden === 'auto' ? model.embedDim : hidden;
  return (
    `bilinear attention head (${glimpses} glimpses, width ${width}); ${trained} trained by Adamax for ` +
    `${epochs} epochs of ${stepsPerEpoch} steps, the last one counts; pixels ${image}`
  );
}

const autoEncoderNote = ({ autoEncoder }: FineTunedVqaSettings, hash: string | undefined): string => {
  if (!autoEncoder) return 'without the auto-encoder';
  return hash === undefined
    ? "auto-encoder from random weights: the study's pre-trained file is not public"
    : `auto-encoder from weights with SHA-256 ${hash}`;
};

/** Reads the auto-encoder's start weights, if a file is named. @throws MedbenchError('weights') */
async function readAutoEncoder({
  autoEncoder,
  autoEncoderWeights: file,
}: FineTunedVqaSettings): Promise<{ readonly tensors: HostTensors; readonly hash: string } | undefined> {
  if (!autoEncoder || file === '') return undefined;
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new MedbenchError(
      'weights',
      `evaluation.fineTunedVqa.autoEncoderWeights names ${file}, which cannot be read`,
      {
        cause,
        hint: 'Name a safetensors file, or leave the setting empty.',
      },
    );
  });
  const { tensors } = await readSafetensors(file);
  return { tensors: checkAutoEncoder(tensors, file), hash: createHash('sha256').update(bytes).digest('hex') };
}

/** Runs each tower once: on all images, and on all distinct questions. */
async function embedFrozen(
  backend: Backend,
  model: DualEncoderModel,
  weights: HostTensors,
  {
    reader,
    rows,
    images,
    batch,
  }: { readonly reader: ImageReader; readonly rows: QuestionRows; readonly images: number; readonly batch: number },
  { profile = NO_PROFILE }: Context,
): Promise<FrozenOutputs> {
  const state = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32' } as const]),
  );
  const { side } = reader;
  const places = model.text.contextLength;
  const run = async (
    name: 'embedding' | 'words',
    input: TensorSpec,
    count: number,
    fill: (row: number, target: HostTensor['data'], slot: number) => Promise<void> | void,
  ): Promise<HostTensor> => {
    const inputName = name === 'embedding' ? INPUT.images : INPUT.ids;
    const program = {
      ...{ name: `answer:${name}`, state, inputs: { [inputName]: input }, selfCheck: [name] },
      run: (parameters: Parameters<typeof runTowers>[1], given: Parameters<typeof runTowers>[1]) => ({
        outputs: runTowers(model, parameters, { [inputName]: given[inputName]! }),
      }),
    };
    const session = await backend.load(program, weights, { fixed: true });
    try {
      const chunks: Float32Array[] = [];
      let width: readonly number[] = [];
      for (let from = 0; from < count; from += batch) {
        const size = Math.min(batch, count - from);
        const length = input.shape.reduce((product, n) => product * n, 1);
        const data = input.dtype === 'int32' ? new Int32Array(length) : new Float32Array(length);
        for (let slot = 0; slot < size; slot++) await fill(from + slot, data, slot);
        const outputs = await profile.span('embedding', () => session.step({ [inputName]: { ...input, data } }));
        const { data: values, shape } = outputs[name]!;
        width = shape.slice(1);
        chunks.push((values as Float32Array).slice(0, (values.length / batch) * size));
      }
      const joined = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      let offset = 0;
      for (const chunk of chunks) {
        joined.set(chunk, offset);
        offset += chunk.length;
      }
      return { shape: [count, ...width], dtype: 'float32', data: joined };
    } finally {
      await session.dispose();
    }
  };
  return {
    embeddings: await run('embedding', { shape: [batch, side, side, 3], dtype: 'float32' }, images, (row, data, slot) =>
      reader.image(row, data as Float32Array, slot),
    ),
    words: await run('words', { shape: [batch, places], dtype: 'int32' }, rows.ids.length / places, (row, data, slot) =>
      data.set(rows.ids.subarray(row * places, (row + 1) * places), slot * places),
    ),
  };
}

/** The answer of each test question: the index of its largest logit. */
async function predict(
  backend: Backend,
  trained: Session,
  model: AnswerModel,
  parts: BatchParts,
  {
    first,
    count,
    batch,
    answers,
  }: { readonly first: number; readonly count: number; readonly batch: number; readonly answers: number },
): Promise<Int32Array> {
  const session = await backend.load(model.predictor, {}, { share: trained });
  try {
    const predicted = new Int32Array(count);
    for (let from = 0; from < count; from += batch) {
      const size = Math.min(batch, count - from);
      const questions = Int32Array.from({ length: size }, (_, i) => first + from + i);
      const { logits } = await session.step(await makeInputs(model.inputs, parts, questions));
      predicted.set(argMax(Float64Array.from(logits!.data.subarray(0, size * answers)), answers), from);
    }
    return predicted;
  } finally {
    await session.dispose();
  }
}
