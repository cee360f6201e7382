import { join } from 'node:path';
import { type Activation, type HostTensors, MedbenchError, type Tower, writeFileAtomic } from '@medbench/core';
import { CLIP_MEAN, CLIP_STD } from '@medbench/data';
import { writeSafetensors } from '@medbench/nn';
import { toHuggingFace, type WeightsLayout } from './layouts.js';
import { type ModelSizes, readSizes } from './sizes.js';

/** Width of an attention head in all of CLIP's transformers. */
const HEAD_WIDTH = 64;

/** Whether a parameter, by medbench's name, belongs to a tower. The logit scale belongs to neither. */
const belongsToTower = (name: string, tower: Tower): boolean =>
  name !== 'logit_scale' && name.startsWith('visual.') === (tower === 'image');

/** The contents of `open_clip_config.json`, as `open_clip.create_model('local-dir:…')` reads it. */
function openClipConfig({ embedDim, image, text }: ModelSizes, activation: Activation): unknown {
  const vision =
    image.kind === 'vit'
      ? {
          image_size: image.size,
          layers: image.layers,
          width: image.width,
          patch_size: image.patch,
          head_width: HEAD_WIDTH,
        }
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
        heads: text.width / HEAD_WIDTH,
        layers: text.layers,
      },
    },
    preprocess_cfg: { mean: CLIP_MEAN, std: CLIP_STD, interpolation: 'bicubic', resize_mode: 'shortest' },
  };
}

/** The contents of `config.json`, for `CLIPModel.from_pretrained` or for the class of one tower with its projection. */
function huggingFaceConfig(
  { embedDim, image, text }: ModelSizes,
  activation: Activation,
  singleTower?: Tower,
): unknown {
  const tower = (width: number, layers: number) => ({
    hidden_act: activation === 'quick-gelu' ? 'quick_gelu' : 'gelu',
    hidden_size: width,
    intermediate_size: 4 * width,
    num_attention_heads: width / HEAD_WIDTH,
    num_hidden_layers: layers,
    projection_dim: embedDim,
    layer_norm_eps: 1e-5,
  });
  const textConfig = {
    ...tower(text.width, text.layers),
    model_type: 'clip_text_model',
    max_position_embeddings: text.context,
    vocab_size: text.vocabulary,
    bos_token_id: text.vocabulary - 2,
    eos_token_id: text.vocabulary - 1,
    pad_token_id: text.vocabulary - 1,
  };
  if (singleTower === 'text') return { architectures: ['CLIPTextModelWithProjection'], ...textConfig };
  if (image.kind !== 'vit') {
    throw new MedbenchError('weights', "Hugging Face's CLIPModel holds vision transformers only", {
      hint: 'Write the layout open_clip instead.',
    });
  }
  const visionConfig = {
    ...tower(image.width, image.layers),
    model_type: 'clip_vision_model',
    image_size: image.size,
    patch_size: image.patch,
  };
  if (singleTower === 'image') return { architectures: ['CLIPVisionModelWithProjection'], ...visionConfig };
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: embedDim,
    vision_config: visionConfig,
    text_config: textConfig,
  };
}

/** Options of `exportWeights`. */
export interface WeightsExport {
  readonly layout: WeightsLayout;
  readonly activation: Activation;
  /** The only tower to write. Default: both. */
  readonly tower?: Tower;
}

/**
 * Writes weights and a configuration for use with another library: `open_clip_model.safetensors` and
 * `open_clip_config.json`, or `model.safetensors` and `config.json`. For one tower, open_clip's files are
 * `open_clip_image.safetensors` or `open_clip_text.safetensors` with the configuration of both towers; Hugging Face's
 * are those that `CLIPVisionModelWithProjection` or `CLIPTextModelWithProjection` loads.
 * @returns paths of the files.
 * @throws MedbenchError('weights') if the weights are not those of two CLIP towers, or the layout cannot hold them.
 */
export async function exportWeights(
  folder: string,
  weights: HostTensors,
  { layout, activation, tower }: WeightsExport,
): Promise<readonly string[]> {
  const sizes = readSizes(weights);
  if (!sizes) throw new MedbenchError('weights', 'These are not the weights of two CLIP towers');
  if (sizes.image.kind === 'vit' && !weights['visual.proj']) {
    throw new MedbenchError('weights', `This row has towers of its own, which ${layout} has no model for`, {
      hint: 'Export them as ONNX: --format onnx --tower image, and --tower text.',
    });
  }
  const isOpenClip = layout === 'open_clip';
  const config = isOpenClip ? openClipConfig(sizes, activation) : huggingFaceConfig(sizes, activation, tower);
  const selected = tower
    ? Object.fromEntries(Object.entries(weights).filter(([name]) => belongsToTower(name, tower)))
    : weights;
  const files = [
    join(folder, isOpenClip ? `open_clip_${tower ?? 'model'}.safetensors` : 'model.safetensors'),
    join(folder, isOpenClip ? 'open_clip_config.json' : 'config.json'),
  ];
  await writeSafetensors(files[0]!, isOpenClip ? selected : toHuggingFace(selected), { format: 'pt' });
  await writeFileAtomic(files[1]!, `${JSON.stringify(config, null, 2)}\n`);
  return files;
}
