import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CLIP_PREPROCESSING, errorMessage, type ImagePreprocessing, MedbenchError, parseJson } from '@medbench/core';
import { z } from 'zod';

/** Files that may hold a preprocessing. timm's `config.json` is one of them, Hugging Face's is not. */
export const PREPROCESSING_FILES = ['open_clip_config.json', 'preprocessor_config.json', 'config.json'] as const;

const channels = z.tuple([z.number(), z.number(), z.number()]);
const deviations = z.tuple([z.number().gt(0), z.number().gt(0), z.number().gt(0)]);
const side = z.int().min(1);
const share = z.number().gt(0).max(1);

const openClip = z.looseObject({
  preprocess_cfg: z
    .looseObject({
      mode: z.string().nullish(),
      mean: channels.nullish(),
      std: deviations.nullish(),
      interpolation: z.string().nullish(),
      resize_mode: z.string().nullish(),
      // open_clip ignores this: medbench's exports have it.
      crop_pct: share.nullish(),
    })
    .nullish(),
});

const timm = z.looseObject({
  pretrained_cfg: z
    .looseObject({
      mean: channels.nullish(),
      std: deviations.nullish(),
      interpolation: z.string().nullish(),
      crop_pct: share.nullish(),
      crop_mode: z.string().nullish(),
    })
    .nullish(),
});

const huggingFace = z.looseObject({
  image_mean: channels.optional(),
  image_std: deviations.optional(),
  resample: z.union([z.int(), z.string()]).optional(),
  size: z
    .union([side, z.looseObject({ shortest_edge: side.optional(), height: side.optional(), width: side.optional() })])
    .optional(),
  crop_size: z.union([side, z.looseObject({ height: side, width: side })]).optional(),
  do_resize: z.boolean().optional(),
  do_center_crop: z.boolean().optional(),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().optional(),
  do_normalize: z.boolean().optional(),
});

/** Pillow's numbers of its kernels, by which Hugging Face names them. */
const PILLOW: Readonly<Record<string, string>> = {
  0: 'nearest',
  1: 'lanczos',
  2: 'bilinear',
  3: 'bicubic',
  4: 'box',
  5: 'hamming',
};
/** Defaults of timm, for a configuration that does not say. */
const TIMM_DEFAULTS = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], crop: 0.875 } as const;

const HINT = 'Set model.preprocessing to the nearest that medbench has.';
const unsupported = (file: string, what: string): MedbenchError =>
  new MedbenchError('weights', `${file} asks for ${what}, which medbench does not have`, { hint: HINT });

/** @throws MedbenchError('weights') for a kernel that medbench does not have. */
function checkKernel(name: string, file: string): ImagePreprocessing['interpolation'] {
  if (name === 'bicubic' || name === 'bilinear') return name;
  throw unsupported(file, `the interpolation ${name}`);
}

function fromOpenClip(json: unknown, file: string): ImagePreprocessing | undefined {
  // open_clip itself uses CLIP's for what its configuration leaves out.
  const config = openClip.parse(json).preprocess_cfg ?? {};
  const resize = config.resize_mode ?? 'shortest';
  if ((config.mode ?? 'RGB') !== 'RGB') throw unsupported(file, `images of the mode ${config.mode}`);
  if (resize !== 'shortest' && resize !== 'squash') throw unsupported(file, `the resize mode ${resize}`);
  return {
    mean: config.mean ?? CLIP_PREPROCESSING.mean,
    std: config.std ?? CLIP_PREPROCESSING.std,
    interpolation: checkKernel(config.interpolation ?? 'bicubic', file),
    resize,
    crop: config.crop_pct ?? 1,
  };
}

function fromTimm(json: unknown, file: string): ImagePreprocessing | undefined {
  const config = timm.parse(json).pretrained_cfg;
  if (!config) return undefined;
  const mode = config.crop_mode ?? 'center';
  if (mode !== 'center' && mode !== 'squash') throw unsupported(file, `the crop mode ${mode}`);
  return {
    mean: config.mean ?? TIMM_DEFAULTS.mean,
    std: config.std ?? TIMM_DEFAULTS.std,
    interpolation: checkKernel(config.interpolation ?? 'bicubic', file),
    resize: mode === 'squash' ? 'squash' : 'shortest',
    crop: config.crop_pct ?? TIMM_DEFAULTS.crop,
  };
}

/** The share of `size` that is `crop`, such that floor(crop / share) is `size` again. */
function shareOf(crop: number, size: number): number {
  const share = crop / size;
  return Math.floor(crop / share) === size ? share : crop / (size + 1e-6);
}

function fromHuggingFace(json: unknown, file: string): ImagePreprocessing | undefined {
  const config = huggingFace.parse(json);
  const { image_mean: mean, image_std: std, size, crop_size: cropSize, resample } = config;
  if (!mean || !std || size === undefined) return undefined;
  const { do_resize: resizes = true, do_rescale: rescales = true, do_normalize: normalises = true } = config;
  if (!resizes) throw unsupported(file, 'images that are not resized (do_resize)');
  if (!rescales || Math.abs((config.rescale_factor ?? 1 / 255) * 255 - 1) > 1e-6) {
    throw unsupported(file, 'values that are not divided by 255 (do_rescale, rescale_factor)');
  }
  if (resample === undefined) {
    throw new MedbenchError('weights', `${file} does not say with which kernel images are resized (resample)`, {
      hint: HINT,
    });
  }
  const crops = config.do_center_crop ?? cropSize !== undefined;
  const crop = typeof cropSize === 'object' ? cropSize.height : cropSize;
  if (typeof cropSize === 'object' && cropSize.height !== cropSize.width) throw unsupported(file, 'an oblong crop');
  const { shortest_edge: shortest, height, width } = typeof size === 'number' ? { shortest_edge: size } : size;
  const resized = shortest ?? height;
  if (resized === undefined || (shortest === undefined && height !== width)) throw unsupported(file, 'this size');
  const cut = crops ? (crop ?? resized) : resized;
  if (!crops && shortest !== undefined) throw unsupported(file, 'images that are resized and not cut to a square');
  if (cut > resized) throw unsupported(file, `a crop of ${cut} of ${resized} pixels`);
  return {
    mean: normalises ? mean : [0, 0, 0],
    std: normalises ? std : [1, 1, 1],
    interpolation: checkKernel(PILLOW[resample] ?? String(resample), file),
    resize: shortest === undefined ? 'squash' : 'shortest',
    crop: shareOf(cut, resized),
  };
}

const READERS: Readonly<Record<(typeof PREPROCESSING_FILES)[number], typeof fromOpenClip>> = {
  'open_clip_config.json': fromOpenClip,
  'preprocessor_config.json': fromHuggingFace,
  'config.json': fromTimm,
};

/**
 * Reads the preprocessing that weights were trained with from the configurations in their folder: open_clip's
 * `preprocess_cfg`, Hugging Face's `preprocessor_config.json`, or timm's `pretrained_cfg`, in this order. Beside
 * `model.safetensors`, which is Hugging Face's name, open_clip's comes last. The size is that of the tower, not the one
 * in the file.
 * @param name name of the file of the weights, if it is known.
 * @returns undefined if none of them says anything about images.
 * @throws MedbenchError('weights') that names the file and what medbench does not have.
 */
export function readPreprocessing(folder: string, name?: string): ImagePreprocessing | undefined {
  const [first, ...others] = PREPROCESSING_FILES;
  for (const fileName of name?.startsWith('model.safetensors') ? [...others, first] : PREPROCESSING_FILES) {
    const file = join(folder, fileName);
    if (!existsSync(file)) continue;
    const preprocessing = readFile(file);
    if (preprocessing) return preprocessing;
  }
  return undefined;
}

function readFile(file: string): ImagePreprocessing | undefined {
  const fault = (cause: unknown, what: string): MedbenchError =>
    new MedbenchError('weights', `${file} ${what}: ${errorMessage(cause)}`, { hint: HINT, cause });
  let json: unknown;
  try {
    json = parseJson(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw fault(cause, 'cannot be read as JSON');
  }
  try {
    return READERS[basename(file) as keyof typeof READERS](json, file);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const [issue] = cause.issues;
    throw fault(new Error(`${issue!.path.join('.')}: ${issue!.message}`), 'holds no preprocessing that can be read');
  }
}
