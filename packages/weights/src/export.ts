import { join } from 'node:path';
import {
  type Activation,
  CLIP_PREPROCESSING,
  type DualEncoderModel,
  type HostTensors,
  type ImagePreprocessing,
  MedbenchError,
  type Tower,
  writeFileAtomic,
} from '@medbench/core';
import { writeSafetensors } from '@medbench/nn';
import { bertConfig, bertToHuggingFace, hasBert } from './bert.js';
import { belongsToTower, TEXT_WRAPPER, toHuggingFace, type WeightsLayout } from './layouts.js';
import { type ImageSizes, type ModelSizes, readImageSizes, readSizes, readTextSizes, type TextSizes } from './sizes.js';

/** Width of an attention head in all of CLIP's transformers. */
const HEAD_WIDTH = 64;

/** The folder beside the weights that a `text_cfg` names for the sizes of a BERT that no model on the hub has. */
const LOCAL_BERT = './bert';

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A `vision_cfg` or `text_cfg`. */
type OpenClipTower = Readonly<Record<string, unknown>>;

/** The part of a model that an export reads. */
type ExportedModel = Pick<DualEncoderModel, 'image' | 'text' | 'embedDim'>;

/** The `vision_cfg` of one of CLIP's image towers. */
const clipVision = (image: ImageSizes): OpenClipTower =>
  image.kind === 'vit'
    ? {
        image_size: image.size,
        layers: image.layers,
        width: image.width,
        patch_size: image.patch,
        head_width: HEAD_WIDTH,
      }
    : { image_size: image.size, layers: image.layers, width: image.width, patch_size: null };

/** The `text_cfg` of CLIP's text tower. */
const clipText = (text: TextSizes): OpenClipTower => ({
  context_length: text.context,
  vocab_size: text.vocabulary,
  width: text.width,
  heads: text.width / HEAD_WIDTH,
  layers: text.layers,
});

/** The contents of `open_clip_config.json`, as `open_clip.create_model('local-dir:…')` reads it. */
const openClipConfig = (
  embedDim: number,
  towers: Readonly<Record<Tower, OpenClipTower>>,
  activation: Activation,
  { mean, std, interpolation, resize, crop }: ImagePreprocessing,
) => ({
  model_cfg: {
    embed_dim: embedDim,
    quick_gelu: activation === 'quick-gelu',
    vision_cfg: towers.image,
    text_cfg: towers.text,
  },
  // open_clip ignores the share of the crop, which it does not have.
  preprocess_cfg: { mean, std, interpolation, resize_mode: resize, ...(crop === 1 ? {} : { crop_pct: crop }) },
});

/**
 * The towers' configurations: the model's own, or those of CLIP's towers that the weights are of.
 * @throws MedbenchError('weights') naming the tower that open_clip cannot build.
 */
function openClipTowers(weights: HostTensors, model?: ExportedModel): Readonly<Record<Tower, OpenClipTower>> {
  const [image, text] = [readImageSizes(weights), readTextSizes(weights)];
  const vision = model?.image.openClip ?? (image && clipVision(image));
  const language = model?.text.openClip ?? (text && clipText(text));
  if (vision && language) return { image: vision, text: language };
  if (!model) throw new MedbenchError('weights', 'These are not the weights of two CLIP towers');
  throw towersOfItsOwn('open_clip', vision ? model.text.id : model.image.id);
}

const towersOfItsOwn = (layout: WeightsLayout, id?: string): MedbenchError =>
  new MedbenchError(
    'weights',
    `This row has towers of its own, which ${layout} has no model for${id === undefined ? '' : `: ${id}`}`,
    { hint: 'Export them as ONNX: --format onnx --tower image, and --tower text.' },
  );

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
  /** The model that the weights are of. It is needed for towers other than CLIP's own, which describe themselves. */
  readonly model?: ExportedModel | undefined;
  /** Files of the tokenizer by name, to write beside the weights of the text tower (`Tokenizer.files`). */
  readonly tokenizerFiles?: Readonly<Record<string, string>> | undefined;
  /**
   * Preprocessing of the images, for open_clip, which ignores `crop`. Default: that of the model's image tower, or of
   * OpenAI's CLIP.
   */
  readonly preprocessing?: ImagePreprocessing | undefined;
}

/**
 * Puts open_clip's prefix in front of the text tower's names, as its `CustomTextCLIP` has them, if the tower is not
 * CLIP's own. CLIP's own text tower has no prefix.
 */
function withTextPrefix(weights: HostTensors, model?: ExportedModel): HostTensors {
  if (!model?.text.openClip) return weights;
  return Object.fromEntries(
    Object.entries(weights).map(([name, value]) => [belongsToTower(name, 'text') ? TEXT_WRAPPER + name : name, value]),
  );
}

/**
 * Writes weights and a configuration for use with another library: `open_clip_model.safetensors` and
 * `open_clip_config.json`, or `model.safetensors` and `config.json`. For one tower, open_clip's files are
 * `open_clip_image.safetensors` or `open_clip_text.safetensors` with the configuration of both towers; Hugging Face's
 * are those that `CLIPVisionModelWithProjection` or `CLIPTextModelWithProjection` loads, or `BertModel` without its
 * pooler, which has no place for the projection.
 * @returns paths of the files.
 * @throws MedbenchError('weights') if the layout has no model for the towers.
 */
export async function exportWeights(
  folder: string,
  weights: HostTensors,
  {
    layout,
    activation,
    tower,
    model,
    tokenizerFiles = {},
    preprocessing = model?.image.preprocessing ?? CLIP_PREPROCESSING,
  }: WeightsExport,
): Promise<readonly string[]> {
  const sizes = readSizes(weights);
  // The study's FILIP replaces the projection of CLIP's vision transformer.
  if (sizes?.image.kind === 'vit' && !weights['visual.proj']) throw towersOfItsOwn(layout);
  const selected = tower
    ? Object.fromEntries(Object.entries(weights).filter(([name]) => belongsToTower(name, tower)))
    : weights;
  const write = async (name: string, tensors: HostTensors, configName: string, config: unknown) => {
    const files = [join(folder, `${name}.safetensors`), join(folder, configName)];
    await writeSafetensors(files[0]!, tensors, { format: 'pt' });
    await writeFileAtomic(files[1]!, toJson(config));
    for (const [fileName, contents] of Object.entries(tower === 'image' ? {} : tokenizerFiles)) {
      files.push(join(folder, fileName));
      await writeFileAtomic(files.at(-1)!, contents);
    }
    return files;
  };
  const bert = hasBert(weights) ? bertConfig(weights, model?.text.padId) : undefined;
  if (layout === 'open_clip') {
    const towers = openClipTowers(weights, model);
    const embedDim = model?.embedDim ?? sizes!.embedDim;
    const config = openClipConfig(embedDim, towers, activation, preprocessing);
    if (bert && towers.text.hf_model_name === LOCAL_BERT) {
      await writeFileAtomic(join(folder, LOCAL_BERT, 'config.json'), toJson(bert));
    }
    return write(`open_clip_${tower ?? 'model'}`, withTextPrefix(selected, model), 'open_clip_config.json', config);
  }
  if (tower === 'text' && bert) return write('model', bertToHuggingFace(weights), 'config.json', bert);
  if (!sizes) {
    throw new MedbenchError(
      'weights',
      "These are not the weights of two CLIP towers, which Hugging Face's CLIPModel holds",
      {
        hint: bert
          ? 'Write its text tower alone (--tower text), or the layout open_clip.'
          : 'Write the layout open_clip instead.',
      },
    );
  }
  return write('model', toHuggingFace(selected), 'config.json', huggingFaceConfig(sizes, activation, tower));
}
