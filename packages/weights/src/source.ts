import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Activation, errorMessage, MedbenchError, parseJson } from '@medbench/core';
import { z } from 'zod';
import { hubFiles, parseHubModel } from './hub.js';

/**
 * Names of weight files in a folder or on the hub, the preferred first: open_clip's, Hugging Face's, medbench's own, and
 * those of PyTorch that the first two had before.
 */
export const WEIGHT_FILES = [
  ...['open_clip_model.safetensors', 'model.safetensors', 'weights.safetensors'],
  ...['open_clip_pytorch_model.bin', 'pytorch_model.bin'],
] as const;
/** Files whose configuration is Hugging Face's. */
const HUGGING_FACE_FILES: readonly string[] = ['model.safetensors', 'pytorch_model.bin'];
/** Hugging Face adds this to the name of weights in several files, for the index of the parts. */
const INDEX_SUFFIX = '.index.json';
export const OPEN_CLIP_CONFIG = 'open_clip_config.json';
const HUGGING_FACE_CONFIG = 'config.json';

/** A weight file that was found. */
export interface WeightsSource {
  /** The name that the user gave: a path or the id of a model on the hub. */
  readonly name: string;
  readonly file: string;
  /** All files of weights that are divided, if `file` is their index. Default: `file` alone. */
  readonly parts?: readonly string[];
  /** Activation that the configuration beside the file asks for; undefined without a configuration. */
  readonly activation?: Activation;
}

const openClipConfig = z.looseObject({ model_cfg: z.looseObject({ quick_gelu: z.boolean().optional() }) });
const tower = z.looseObject({ hidden_act: z.string().optional() }).optional();
const huggingFaceConfig = z.looseObject({
  model_type: z.literal('clip'),
  vision_config: tower,
  text_config: tower,
});

/** Reads the activation from a configuration file. Each format has its own default. */
function readActivation(file: string): Activation {
  const configError = (what: string, cause?: unknown): MedbenchError =>
    new MedbenchError('weights', `${file} ${what}`, { ...(cause === undefined ? {} : { cause }) });
  let json: unknown;
  try {
    json = parseJson(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw configError(`cannot be read as JSON: ${errorMessage(cause)}`, cause);
  }
  if (basename(file) === OPEN_CLIP_CONFIG) {
    const parsed = openClipConfig.safeParse(json);
    if (!parsed.success) throw configError('is not a configuration of open_clip', parsed.error);
    return parsed.data.model_cfg.quick_gelu === true ? 'quick-gelu' : 'gelu';
  }
  const parsed = huggingFaceConfig.safeParse(json);
  if (!parsed.success) throw configError('is not a configuration of a CLIPModel', parsed.error);
  const { vision_config: vision, text_config: text } = parsed.data;
  const acts = new Set([vision?.hidden_act ?? 'quick_gelu', text?.hidden_act ?? 'quick_gelu']);
  const [act] = acts;
  if (acts.size === 1 && (act === 'quick_gelu' || act === 'gelu')) return act === 'gelu' ? 'gelu' : 'quick-gelu';
  throw configError(`asks for the activation ${[...acts].join(' and ')}; only quick_gelu and gelu are supported`);
}

const shardIndex = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** The files that the index of divided weights names (`model.safetensors.index.json`). */
function indexedParts(index: string): string[] {
  let json: unknown;
  try {
    json = parseJson(readFileSync(index, 'utf8'));
  } catch (cause) {
    throw new MedbenchError('weights', `${index} cannot be read as JSON: ${errorMessage(cause)}`, { cause });
  }
  const parsed = shardIndex.safeParse(json);
  if (!parsed.success) throw new MedbenchError('weights', `${index} has no "weight_map"`, { cause: parsed.error });
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort();
  const missing = names.filter((part) => part !== basename(part) || !existsSync(join(dirname(index), part)));
  if (names.length > 0 && missing.length === 0) return names.map((part) => join(dirname(index), part));
  throw new MedbenchError('weights', `${index} names ${missing[0] ?? 'no file'}, which is not beside it`, {
    hint: 'Fetch all parts of the weights into its folder.',
  });
}

/** Makes the source of a file: with the activation that a configuration beside it asks for, or without. */
type MakeSource = (name: string, file: string) => WeightsSource;

function findInFolder(name: string, make: MakeSource): WeightsSource {
  const index = WEIGHT_FILES.map((candidate) => join(name, `${candidate}${INDEX_SUFFIX}`)).find((path) =>
    existsSync(path),
  );
  if (index && !existsSync(index.slice(0, -INDEX_SUFFIX.length))) return make(name, index);
  const file = WEIGHT_FILES.find((candidate) => existsSync(join(name, candidate)));
  if (!file) {
    const others = readdirSync(name).filter((entry) => entry.endsWith('.safetensors'));
    throw new MedbenchError('weights', `${name} holds none of ${WEIGHT_FILES.join(', ')}`, {
      hint:
        others.length > 0
          ? `Name the file itself: ${join(name, others[0]!)}`
          : 'Only safetensors and PyTorch files are supported.',
    });
  }
  return make(name, join(name, file));
}

/** The files of the weights at a path. */
function withParts(name: string, file: string): WeightsSource {
  return { name, file, ...(file.endsWith(INDEX_SUFFIX) ? { parts: indexedParts(file) } : {}) };
}

/**
 * A weight file with the activation from the configuration in its folder. Hugging Face's configuration is used only
 * beside a file with Hugging Face's name; otherwise open_clip's is used.
 */
function withConfig(name: string, file: string): WeightsSource {
  const plainName = basename(file, INDEX_SUFFIX);
  const huggingFace = HUGGING_FACE_FILES.includes(plainName) ? [HUGGING_FACE_CONFIG] : [];
  const configs = [...huggingFace, OPEN_CLIP_CONFIG].map((configName) => join(dirname(file), configName));
  const config = configs.find((path) => existsSync(path));
  return { ...withParts(name, file), ...(config ? { activation: readActivation(config) } : {}) };
}

/** Options of `findWeights`. */
export interface FindWeightsOptions {
  readonly log?: (message: string) => void;
  /** Whether the weights are those of one tower, whose configuration is not that of a CLIP. Default false. */
  readonly singleTower?: boolean;
  /** Names of further files to fetch from the hub, if the model has them. */
  readonly beside?: readonly string[];
}

/**
 * Finds weights: a safetensors file, a folder that holds one, or a model on the hub (`owner/name` or
 * `owner/name@revision`, optionally with the prefix `hf://` or `hf-hub:`). A name that exists as a path is taken as a
 * path.
 * @throws MedbenchError('weights') that names the files or the model that were looked for.
 */
export async function findWeights(name: string, options: FindWeightsOptions = {}): Promise<WeightsSource> {
  const { singleTower = false, beside = [], ...hubOptions } = options;
  const make = singleTower ? withParts : withConfig;
  if (existsSync(name)) return statSync(name).isDirectory() ? findInFolder(name, make) : make(name, name);
  const model = parseHubModel(name);
  if (!model) {
    throw new MedbenchError('weights', `${name} is neither a file, nor a folder, nor the id of a model on the hub`, {
      hint: 'An id reads owner/name or owner/name@revision.',
    });
  }
  const files = await hubFiles(model, WEIGHT_FILES, [OPEN_CLIP_CONFIG, HUGGING_FACE_CONFIG, ...beside], hubOptions);
  const file = WEIGHT_FILES.map((fileName) => files[fileName]).find((path) => path !== undefined)!;
  // The hub's cache keeps the files of a revision in one folder.
  return make(name, file);
}
