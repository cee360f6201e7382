import { Compiled } from '@medbench/backends-compiled';
import {
  type Backend,
  type Control,
  type Corpus,
  type CorpusInfo,
  type Encoder,
  type EncoderInfo,
  type ImageEncoderModel,
  isMedbenchError,
  MedbenchError,
  resolveSettings,
  type TaskContext,
  type TextEncoderModel,
} from '@medbench/core';
import { randomModel, testContext } from '@medbench/core/testing';
import { dualEncoder } from '@medbench/nn';
import { towerProgram } from '@medbench/training';
import { EMBED_DIM, tinyImageTower, tinyTextTower, tokenizer } from './towers.js';

/** Makes the error for a fault of a plugin. */
export const fault = (message: string): MedbenchError => new MedbenchError('plugin', message);

/** Runs work that needs data. @returns its result, or the message that says which data is missing. */
export async function withData<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly absent: string }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (isMedbenchError(error) && error.code === 'data') return { absent: error.message };
    throw error;
  }
}

/** Opens a corpus and reads its first pair. @returns a note if the data is missing. */
export async function checkCorpus(
  corpus: Corpus,
  info: CorpusInfo,
  folders: Pick<Partial<TaskContext>, 'dataRoot' | 'cacheRoot'>,
): Promise<string | undefined> {
  const outcome = await withData(async () => {
    const { pairs } = await corpus.open(testContext({ ...folders, settings: resolveSettings('corpusSettings', info) }));
    return pairs.length === 0 ? undefined : await pairs.get(0);
  });
  if ('absent' in outcome) return `not opened because its data is missing: ${outcome.absent}`;
  if (!outcome.value) return 'opened, but it has no pairs here';
  if (typeof outcome.value.caption !== 'string' || !outcome.value.image) {
    throw fault('its first pair has no image or no caption; return { image, caption }');
  }
  return undefined;
}

/** Builds an encoder and records it on shapes. */
export async function checkEncoder(encoder: Encoder, info: EncoderInfo): Promise<void> {
  const built = encoder.build({ embedDim: EMBED_DIM, vocabSize: tokenizer().vocabSize });
  const side = 'imageSize' in built ? 'image' : 'text';
  if (side !== info.modality) throw fault(`build() returns a tower for ${side}s, but modality is "${info.modality}"`);
  const declared = 'imageSize' in built ? built.preprocessing : undefined;
  if (JSON.stringify(declared) !== JSON.stringify(info.preprocessing)) {
    throw fault('its model and its info declare different preprocessings; give both the same');
  }
  const names = built.parameters.map(({ name }) => name);
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  if (duplicate !== undefined) throw fault(`parameters has "${duplicate}" twice; give each parameter a unique name`);
  const staged = built.stages.flatMap(({ parameters }) => parameters);
  const unknown = staged.find((name) => !names.includes(name));
  if (unknown !== undefined) throw fault(`stages name "${unknown}", which is no parameter; remove it`);
  const unstaged = names.find((name) => !staged.includes(name));
  if (unstaged !== undefined) throw fault(`the parameter "${unstaged}" is in no stage; add it to one`);
  const model =
    side === 'image'
      ? dualEncoder(built as ImageEncoderModel, tinyTextTower())
      : dualEncoder(tinyImageTower(), built as TextEncoderModel);
  const { outputs } = await new Compiled().estimate(towerProgram(model, side, 2));
  const shapes = [outputs.embeddings?.shape, outputs.pooled?.shape].map((shape) => `[${shape?.join(', ')}]`);
  const expected = [`[2, ${EMBED_DIM}]`, `[2, ${built.width}]`];
  if (shapes.join() !== expected.join()) {
    throw fault(
      `forward() returns embedding ${shapes[0]} and pooled ${shapes[1]}; make them ${expected.join(' and ')}`,
    );
  }
}

/** Builds the model of a control. */
export async function checkControl(control: Control): Promise<void> {
  const built = await control.model({ seed: 0, untrained: async () => randomModel(0) });
  if (!built?.can) throw fault('model() returns no model; return an EvaluationModel');
}

/** Asks a backend for its status. @returns a note if it does not work on this machine. */
export async function checkBackend(backend: Backend): Promise<string | undefined> {
  const { available, reason } = await backend.status();
  return available ? undefined : `does not work here: ${reason}`;
}
