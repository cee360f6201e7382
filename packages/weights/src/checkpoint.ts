import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Activation, type HostTensors, MedbenchError, parseJson } from '@medbench/core';
import { TOKENIZER_CONFIG, VOCABULARY_FILES } from '@medbench/data';
import { z } from 'zod';
import { hasBert } from './bert.js';
import { toOwnLayout } from './layouts.js';
import { readParts } from './load.js';
import { findWeights, OPEN_CLIP_CONFIG } from './source.js';

/** A model as `open_clip_config.json` describes it. */
export interface OpenClipModel {
  readonly embed_dim: number;
  readonly vision_cfg: Readonly<Record<string, unknown>>;
  readonly text_cfg: Readonly<Record<string, unknown>>;
}

const openClipConfig = z.looseObject({
  model_cfg: z.looseObject({
    embed_dim: z.number(),
    vision_cfg: z.record(z.string(), z.unknown()),
    text_cfg: z.record(z.string(), z.unknown()),
  }),
});

/** Weights of two towers with all that is known of them. */
export interface Checkpoint {
  /** By medbench's names. */
  readonly tensors: HostTensors;
  readonly file: string;
  readonly embedDim: number;
  readonly activation?: Activation;
  /** Present beside a checkpoint of open_clip. */
  readonly openClip?: OpenClipModel;
  /** Where the vocabulary of a BERT is: the folder of the checkpoint, or the name in its configuration. */
  readonly vocabulary?: string;
}

/** Reads the configuration of open_clip in a folder. @throws MedbenchError('weights') if it is none. */
function readConfig(folder: string): OpenClipModel | undefined {
  const path = join(folder, OPEN_CLIP_CONFIG);
  if (!existsSync(path)) return undefined;
  const parsed = openClipConfig.safeParse(parseJson(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data.model_cfg;
  throw new MedbenchError('weights', `${path} is not a configuration of open_clip`, { cause: parsed.error });
}

function locateVocabulary(folder: string, openClip: OpenClipModel | undefined): string | undefined {
  if (VOCABULARY_FILES.some((name) => existsSync(join(folder, name)))) return folder;
  const { hf_tokenizer_name: name } = openClip?.text_cfg ?? {};
  return typeof name === 'string' ? name : undefined;
}

/**
 * Reads a checkpoint of two towers: weights, open_clip's configuration and the vocabulary beside them.
 * @param name as for `findWeights`.
 * @throws MedbenchError('weights') as `findWeights`; or if the width of the joint space is not known.
 */
export async function readCheckpoint(
  name: string,
  options: { readonly log?: (message: string) => void } = {},
): Promise<Checkpoint> {
  const source = await findWeights(name, { ...options, beside: [...VOCABULARY_FILES, TOKENIZER_CONFIG] });
  const { tensors } = toOwnLayout(await readParts(source));
  const folder = dirname(source.file);
  const openClip = readConfig(folder);
  const embedDim = openClip?.embed_dim ?? tensors.text_projection?.shape[1];
  if (embedDim === undefined) {
    throw new MedbenchError(
      'weights',
      `${source.file} has no ${OPEN_CLIP_CONFIG} beside it, which describes its towers`,
      {
        hint: 'Fetch the whole folder of the checkpoint, or name its encoders in a run (general.weights).',
      },
    );
  }
  const vocabulary = hasBert(tensors) ? locateVocabulary(folder, openClip) : undefined;
  return {
    ...{ tensors, file: source.file, embedDim },
    ...(source.activation ? { activation: source.activation } : {}),
    ...(openClip ? { openClip } : {}),
    ...(vocabulary === undefined ? {} : { vocabulary }),
  };
}
