import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Activation, errorMessage, MedbenchError } from '@medbench/core';
import { z } from 'zod';
import { hubFiles, parseHubModel } from './hub.js';

/** Files of weights in a folder or on the hub, the preferred first: open_clip's, Hugging Face's, medbench's own. */
const WEIGHT_FILES = ['open_clip_model.safetensors', 'model.safetensors', 'weights.safetensors'] as const;
const OPEN_CLIP_CONFIG = 'open_clip_config.json';
const HUGGING_FACE_CONFIG = 'config.json';

/** Where weights were found. */
export interface WeightsSource {
  /** What the user named. */
  readonly name: string;
  readonly file: string;
  /** Activation that the configuration beside the file asks for, if there is one. */
  readonly activation?: Activation;
}

const openClipConfig = z.looseObject({ model_cfg: z.looseObject({ quick_gelu: z.boolean().optional() }) });
const tower = z.looseObject({ hidden_act: z.string().optional() }).optional();
const huggingFaceConfig = z.looseObject({
  model_type: z.literal('clip'),
  vision_config: tower,
  text_config: tower,
});

/** The activation that a configuration file names; each format has a default of its own. */
function activationOf(file: string): Activation {
  const bad = (what: string, cause?: unknown): MedbenchError =>
    new MedbenchError('weights', `${file} ${what}`, { ...(cause === undefined ? {} : { cause }) });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw bad(`cannot be read as JSON: ${errorMessage(cause)}`, cause);
  }
  if (basename(file) === OPEN_CLIP_CONFIG) {
    const parsed = openClipConfig.safeParse(json);
    if (!parsed.success) throw bad('is no configuration of open_clip', parsed.error);
    return parsed.data.model_cfg.quick_gelu === true ? 'quick-gelu' : 'gelu';
  }
  const parsed = huggingFaceConfig.safeParse(json);
  if (!parsed.success) throw bad('is no configuration of a CLIPModel', parsed.error);
  const { vision_config: vision, text_config: text } = parsed.data;
  const acts = new Set([vision?.hidden_act ?? 'quick_gelu', text?.hidden_act ?? 'quick_gelu']);
  const [act] = acts;
  if (acts.size === 1 && (act === 'quick_gelu' || act === 'gelu')) return act === 'gelu' ? 'gelu' : 'quick-gelu';
  throw bad(`asks for the activation ${[...acts].join(' and ')}; quick_gelu and gelu are known`);
}

function inFolder(name: string): WeightsSource {
  const file = WEIGHT_FILES.find((one) => existsSync(join(name, one)));
  if (!file) {
    const others = readdirSync(name).filter((one) => one.endsWith('.safetensors'));
    throw new MedbenchError('weights', `${name} holds none of ${WEIGHT_FILES.join(', ')}`, {
      hint: others.length > 0 ? `Name the file itself: ${join(name, others[0]!)}` : 'Only safetensors are read.',
    });
  }
  return beside(name, join(name, file));
}

/** A file, with the configuration in its folder: Hugging Face's beside a file with its name, else open_clip's. */
function beside(name: string, file: string): WeightsSource {
  const huggingFace = basename(file) === 'model.safetensors' ? [HUGGING_FACE_CONFIG] : [];
  const configs = [...huggingFace, OPEN_CLIP_CONFIG].map((one) => join(dirname(file), one));
  const config = configs.find((one) => existsSync(one));
  return { name, file, ...(config ? { activation: activationOf(config) } : {}) };
}

/**
 * Finds weights: a safetensors file, a folder that holds one, or a model on the hub (`owner/name`, `owner/name@revision`,
 * with `hf://` or `hf-hub:` before it or not). What exists as a path is taken as one.
 * @throws MedbenchError('weights') saying what was looked for.
 */
export async function findWeights(
  name: string,
  options: { log?: (message: string) => void } = {},
): Promise<WeightsSource> {
  if (existsSync(name)) return statSync(name).isDirectory() ? inFolder(name) : beside(name, name);
  const model = parseHubModel(name);
  if (!model) {
    throw new MedbenchError('weights', `${name} is neither a file, nor a folder, nor the id of a model on the hub`, {
      hint: 'An id reads owner/name or owner/name@revision.',
    });
  }
  const files = await hubFiles(model, WEIGHT_FILES, [OPEN_CLIP_CONFIG, HUGGING_FACE_CONFIG], options);
  const file = WEIGHT_FILES.map((one) => files[one]).find((one) => one !== undefined)!;
  // The hub's cache keeps the files of a revision in one folder.
  return beside(name, file);
}
