import { join } from 'node:path';
import { type Activation, type HostTensors, MedbenchError, type Tower, writeFileAtomic } from '@medbench/core';
import { CLIP_MEAN, CLIP_STD } from '@medbench/data';
import { writeSafetensors } from '@medbench/nn';
import { type Layout, toHuggingFace } from './layouts.js';
import { type ModelSizes, readSizes } from './sizes.js';

/** Heads are this wide in all of CLIP's transformers. */
const HEAD = 64;

/** Whether a parameter, by medbench's name, is a tower's; the logit scale is nobody's. */
const isOfTower = (name: string, tower: Tower): boolean =>
  name !== 'logit_scale' && name.startsWith('visual.') === (tower === 'image');

/** `open_clip_config.json`, as `open_clip.create_model('local-dir:…')` reads it. */
function openClipConfig({ embedDim, image, text }: ModelSizes, activation: Activation): unknown {
  const vision =
    image.kind === 'vit'
      ? { image_size: image.size, layers: image.layers, width: image.width, patch_size: image.patch, head_width: HEAD }
      : { image_size: image.size, layers: image.layers, width: image.width, patch_size: null };
  return {
    model_cfg: {
      embed_dim: embedDim,
      quick_gelu: activation === 'quick-gelu',
      vision_cfg: vision,
      text_cfg: {
        context_length: text.context,
        vocab_size: text.vocabulary,
        width: text.width,
        heads: text.width / HEAD,
        layers: text.layers,
      },
    },
    preprocess_cfg: { mean: CLIP_MEAN, std: CLIP_STD, interpolation: 'bicubic', resize_mode: 'shortest' },
  };
}

/** `config.json`, as `CLIPModel.from_pretrained` reads it, or the class for one tower with its projection. */
function huggingFaceConfig({ embedDim, image, text }: ModelSizes, activation: Activation, only?: Tower): unknown {
  const tower = (width: number, layers: number) => ({
    hidden_act: activation === 'quick-gelu' ? 'quick_gelu' : 'gelu',
    hidden_size: width,
    intermediate_size: 4 * width,
    num_attention_heads: width / HEAD,
    num_hidden_layers: layers,
    projection_dim: embedDim,
    layer_norm_eps: 1e-5,
  });
  const words = {
    ...tower(text.width, text.layers),
    model_type: 'clip_text_model',
    max_position_embeddings: text.context,
    vocab_size: text.vocabulary,
    bos_token_id: text.vocabulary - 2,
    eos_token_id: text.vocabulary - 1,
    pad_token_id: text.vocabulary - 1,
  };
  if (only === 'text') return { architectures: ['CLIPTextModelWithProjection'], ...words };
  if (image.kind !== 'vit') {
    throw new MedbenchError('weights', "Hugging Face's CLIPModel holds vision transformers only", {
      hint: 'Write the layout open_clip instead.',
    });
  }
  const vision = {
    ...tower(image.width, image.layers),
    model_type: 'clip_vision_model',
    image_size: image.size,
    patch_size: image.patch,
  };
  if (only === 'image') return { architectures: ['CLIPVisionModelWithProjection'], ...vision };
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: embedDim,
    vision_config: vision,
    text_config: words,
  };
}

export interface WeightsExport {
  readonly layout: Layout;
  readonly activation: Activation;
  /** Write one tower alone. */
  readonly tower?: Tower;
}

/**
 * Writes weights for use elsewhere, with the configuration that makes them a model there: `open_clip_model.safetensors` and
 * `open_clip_config.json`, or `model.safetensors` and `config.json`. One tower alone is `open_clip_image.safetensors` or
 * `open_clip_text.safetensors` beside the configuration of both, or what `CLIPVisionModelWithProjection` and
 * `CLIPTextModelWithProjection` load.
 * @returns the files.
 * @throws MedbenchError('weights') if the weights are not those of two CLIP towers, or have no place in the layout.
 */
export async function exportWeights(
  folder: string,
  weights: HostTensors,
  { layout, activation, tower }: WeightsExport,
): Promise<readonly string[]> {
  const sizes = readSizes(weights);
  if (!sizes) throw new MedbenchError('weights', 'These are not the weights of two CLIP towers');
  const own = layout === 'open_clip';
  const config = own ? openClipConfig(sizes, activation) : huggingFaceConfig(sizes, activation, tower);
  const chosen = tower
    ? Object.fromEntries(Object.entries(weights).filter(([name]) => isOfTower(name, tower)))
    : weights;
  const files = [
    join(folder, own ? `open_clip_${tower ?? 'model'}.safetensors` : 'model.safetensors'),
    join(folder, own ? 'open_clip_config.json' : 'config.json'),
  ];
  await writeSafetensors(files[0]!, own ? chosen : toHuggingFace(chosen), { format: 'pt' });
  await writeFileAtomic(files[1]!, `${JSON.stringify(config, null, 2)}\n`);
  return files;
}
