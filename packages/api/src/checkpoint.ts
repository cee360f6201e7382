import {
  type EncoderOptions,
  type ImageEncoderModel,
  MedbenchError,
  type ModelSettings,
  type TextEncoderModel,
  type Tower,
} from '@medbench/core';
import { type Catalogue, entriesOfKind } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import type { Config } from '@medbench/runner';
import type { Checkpoint } from '@medbench/weights';

/** The encoders and sizes with which medbench builds the towers of a checkpoint. */
export interface CheckpointTowers {
  readonly encoders: Config['encoders'];
  readonly model: ModelSettings;
}

type Model = ImageEncoderModel | TextEncoderModel;

/** Whether the parameters of a model are exactly those of the checkpoint's tower. */
function fits({ parameters }: Model, { tensors }: Checkpoint, tower: Tower): boolean {
  const prefix = tower === 'image' ? 'visual.' : '';
  const names = Object.keys(tensors).filter(
    (name) => !/^logit_(scale|bias)$/.test(name) && name.startsWith('visual.') === (tower === 'image'),
  );
  return (
    names.length === parameters.length &&
    parameters.every(({ name, shape }) => tensors[prefix + name]?.shape.join() === shape.join())
  );
}

/** Number of fields in which a model's configuration for open_clip differs from that of the checkpoint. */
function distance({ openClip = {} }: Model, config: Readonly<Record<string, unknown>> = {}): number {
  return Object.entries(openClip).filter(([name, value]) => name in config && config[name] !== value).length;
}

/** Number of byte pairs of CLIP's tokenizer that a table of this many tokens has; null for all. */
const countMerges = (tokens: number): number | null => (tokens === 49408 ? null : tokens - 514);

/**
 * Finds the installed encoders whose parameters are those of a checkpoint. Of several, that whose configuration is the
 * checkpoint's: two BERTs with the same parameters may pool differently.
 * @throws MedbenchError('weights') naming the tower that no installed encoder has, or the vocabulary that is missing.
 */
export async function recogniseCheckpoint(
  checkpoint: Checkpoint,
  { catalogue, registry }: { readonly catalogue: Catalogue; readonly registry: Registry },
): Promise<CheckpointTowers> {
  const { tensors, embedDim, activation = 'quick-gelu', openClip, vocabulary, file } = checkpoint;
  const words = tensors['transformer.embeddings.word_embeddings.weight']?.shape[0];
  const pairs = tensors['token_embedding.weight']?.shape[0];
  if (words !== undefined && vocabulary === undefined) {
    throw new MedbenchError('weights', `${file} has a BERT, whose vocabulary is not beside it`, {
      hint: 'Fetch vocab.txt or tokenizer.json into its folder.',
    });
  }
  const { context_length: context } = openClip?.text_cfg ?? {};
  const contextLength = typeof context === 'number' ? context : tensors.positional_embedding?.shape[0];
  const options: EncoderOptions = {
    ...{ embedDim, activation, vocabSize: words ?? pairs ?? 0 },
    ...(contextLength === undefined ? {} : { contextLength }),
  };
  const choose = async (tower: Tower): Promise<string> => {
    const config = tower === 'image' ? openClip?.vision_cfg : openClip?.text_cfg;
    let best: { readonly id: string; readonly distance: number } | undefined;
    for (const { id, info } of entriesOfKind(catalogue, 'encoder')) {
      if (info.modality !== tower) continue;
      const encoder = await registry.get('encoder', id);
      let built: Model;
      try {
        built = encoder.build(options);
      } catch {
        // These sizes are not for it, such as a longer text than its table of positions.
        continue;
      }
      const candidate = { id, distance: distance(built, config) };
      if (fits(built, checkpoint, tower) && candidate.distance < (best?.distance ?? Infinity)) best = candidate;
    }
    if (best) return best.id;
    throw new MedbenchError('weights', `No installed encoder has the parameters of the ${tower} tower of ${file}`, {
      hint: 'medbench list encoders shows those that are installed. Another tool can embed: medbench embed --inputs.',
    });
  };
  return {
    encoders: { image: await choose('image'), text: await choose('text') },
    model: {
      ...{ embedDim, activation },
      merges: pairs === undefined ? null : countMerges(pairs),
      vocabulary: vocabulary ?? null,
      contextLength: words === undefined ? null : (contextLength ?? null),
    },
  };
}
