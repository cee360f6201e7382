import { join } from 'node:path';
import { type Activation, type HostTensors, MedbenchError, writeFileAtomic } from '@medbench/core';
import { CLIP_MEAN, CLIP_STD } from '@medbench/data';
import { writeSafetensors } from '@medbench/nn';
import { type Layout, toHuggingFace } from './layouts.js';
import { type ModelSizes, sizesOf } from './sizes.js';

/** Heads are this wide in all of CLIP's transformers. */
const HEAD = 64;

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

/** `config.json`, as `CLIPModel.from_pretrained` reads it. */
function huggingFaceConfig({ embedDim, image, text }: ModelSizes, activation: Activation): unknown {
  if (image.kind !== 'vit') {
    throw new MedbenchError('weights', "Hugging Face's CLIPModel holds vision transformers only", {
      hint: 'Write the layout open_clip instead.',
    });
  }
  const tower = (width: number, layers: number) => ({
    hidden_act: activation === 'quick-gelu' ? 'quick_gelu' : 'gelu',
    hidden_size: width,
    intermediate_size: 4 * width,
    num_attention_heads: width / HEAD,
    num_hidden_layers: layers,
    projection_dim: embedDim,
    layer_norm_eps: 1e-5,
  });
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: embedDim,
    vision_config: {
      ...tower(image.width, image.layers),
      model_type: 'clip_vision_model',
      image_size: image.size,
      patch_size: image.patch,
    },
    text_config: {
      ...tower(text.width, text.layers),
      model_type: 'clip_text_model',
      max_position_embeddings: text.context,
      vocab_size: text.vocabulary,
      bos_token_id: text.vocabulary - 2,
      eos_token_id: text.vocabulary - 1,
      pad_token_id: text.vocabulary - 1,
    },
  };
}

/**
 * Writes weights for use elsewhere, with the configuration that makes them a model there: `open_clip_model.safetensors` and
 * `open_clip_config.json`, or `model.safetensors` and `config.json`.
 * @returns the files.
 * @throws MedbenchError('weights') if the weights are not those of two CLIP towers, or have no place in the layout.
 */
export async function exportWeights(
  folder: string,
  weights: HostTensors,
  { layout, activation }: { layout: Layout; activation: Activation },
): Promise<readonly string[]> {
  const sizes = sizesOf(weights);
  if (!sizes) throw new MedbenchError('weights', 'These are not the weights of two CLIP towers');
  const own = layout === 'open_clip';
  const config = own ? openClipConfig(sizes, activation) : huggingFaceConfig(sizes, activation);
  const tensors = own ? weights : toHuggingFace(weights);
  const files = [
    join(folder, own ? 'open_clip_model.safetensors' : 'model.safetensors'),
    join(folder, own ? 'open_clip_config.json' : 'config.json'),
  ];
  await writeSafetensors(files[0]!, tensors, { format: 'pt' });
  await writeFileAtomic(files[1]!, `${JSON.stringify(config, null, 2)}\n`);
  return files;
}
