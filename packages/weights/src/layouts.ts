import { type HostTensor, type HostTensors, MedbenchError, type Tower } from '@medbench/core';

/** The names and shapes of tensors in a file. `open_clip` is also the layout of OpenAI and of medbench. */
export type WeightsLayout = 'open_clip' | 'hugging-face';

/** Names of entries that are not weights: buffers, and OpenAI's three sizes. */
const IGNORED = /(^|\.)(position_ids|num_batches_tracked|attn_mask)$|^(input_resolution|context_length|vocab_size)$/;

/**
 * Prefixes that wrappers of models put in front of every name. `TEXT_WRAPPER` is open_clip's, for separate text towers.
 */
const WRAPPERS = ['module.', '_orig_mod.', 'model.'] as const;
export const TEXT_WRAPPER = 'text.';
/** `torch.compile` of a part puts this into the names of its parameters. */
const COMPILED_PART = '._orig_mod.';

/** Whether a parameter, by medbench's name, belongs to a tower. The logit scale belongs to neither. */
export const belongsToTower = (name: string, tower: Tower): boolean =>
  name !== 'logit_scale' && name.startsWith('visual.') === (tower === 'image');

/** Projections that open_clip stores as (in, out), and Hugging Face as a linear layer, (out, in). */
const PROJECTIONS: readonly (readonly [string, string])[] = [
  ['visual.proj', 'visual_projection.weight'],
  ['text_projection', 'text_projection.weight'],
];

const TOWERS: readonly (readonly [string, string])[] = [
  ['logit_scale', 'logit_scale'],
  ['visual.class_embedding', 'vision_model.embeddings.class_embedding'],
  ['visual.conv1.weight', 'vision_model.embeddings.patch_embedding.weight'],
  ['visual.positional_embedding', 'vision_model.embeddings.position_embedding.weight'],
  // "layrnorm" is the spelling of the original.
  ['visual.ln_pre', 'vision_model.pre_layrnorm'],
  ['visual.ln_post', 'vision_model.post_layernorm'],
  ['token_embedding.weight', 'text_model.embeddings.token_embedding.weight'],
  ['positional_embedding', 'text_model.embeddings.position_embedding.weight'],
  ['ln_final', 'text_model.final_layer_norm'],
];

const BLOCKS: readonly (readonly [string, string])[] = [
  ['visual.transformer.resblocks.', 'vision_model.encoder.layers.'],
  ['transformer.resblocks.', 'text_model.encoder.layers.'],
];

const IN_BLOCK: readonly (readonly [string, string])[] = [
  ['ln_1', 'layer_norm1'],
  ['ln_2', 'layer_norm2'],
  ['attn.out_proj', 'self_attn.out_proj'],
  ['mlp.c_fc', 'mlp.fc1'],
  ['mlp.c_proj', 'mlp.fc2'],
];

/**
 * The parts of the joint matrix of queries, keys and values in open_clip, in order. Hugging Face has three matrices.
 */
const THIRDS = ['q_proj', 'k_proj', 'v_proj'] as const;

/** Translates a name into the other layout, as a whole or by its first part; undefined if no pair matches. */
function translateName(name: string, pairs: readonly (readonly [string, string])[]): string | undefined {
  for (const [from, to] of pairs) {
    if (name === from) return to;
    if (name.startsWith(`${from}.`)) return to + name.slice(from.length);
  }
  return undefined;
}

const reversePairs = (pairs: readonly (readonly [string, string])[]): (readonly [string, string])[] =>
  pairs.map(([a, b]) => [b, a] as const);

/**
 * Splits a name into the block (with the prefix of the other layout) and the parameter within it; undefined if the name
 * is not that of a block's parameter.
 */
function splitBlockName(
  name: string,
  blocks: readonly (readonly [string, string])[],
): { readonly block: string; readonly parameter: string } | undefined {
  for (const [from, to] of blocks) {
    if (!name.startsWith(from)) continue;
    const dot = name.indexOf('.', from.length);
    if (dot < 0) return undefined;
    return { block: `${to}${name.slice(from.length, dot)}.`, parameter: name.slice(dot + 1) };
  }
  return undefined;
}

/** Transposes a matrix, `[m, n]` to `[n, m]`. */
function transpose({ shape, data }: HostTensor): HostTensor {
  const [rows, cols] = shape as [number, number];
  const result = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) result[col * rows + row] = data[row * cols + col]!;
  }
  return { shape: [cols, rows], dtype: 'float32', data: result };
}

function concatenate(tensors: readonly HostTensor[]): HostTensor {
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  return { shape: [3 * tensors[0]!.shape[0]!, ...tensors[0]!.shape.slice(1)], dtype: 'float32', data };
}

function splitThirds({ shape, data }: HostTensor): HostTensor[] {
  const size = data.length / 3;
  const thirdShape = [shape[0]! / 3, ...shape.slice(1)];
  return THIRDS.map((_, i) => ({ shape: thirdShape, dtype: 'float32', data: data.slice(i * size, (i + 1) * size) }));
}

/** Converts from the layout of Hugging Face's `CLIPModel`. Unknown tensors keep their names and are reported later. */
export function fromHuggingFace(tensors: HostTensors): HostTensors {
  const result: HostTensors = {};
  const pending = new Map<string, HostTensor[]>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const projection = translateName(name, reversePairs(PROJECTIONS));
    const inBlock = splitBlockName(name, reversePairs(BLOCKS));
    const third = inBlock && /^self_attn\.([qkv]_proj)\.(weight|bias)$/.exec(inBlock.parameter);
    if (projection && tensor.shape.length === 2) result[projection] = transpose(tensor);
    else if (inBlock && third) {
      const joint = `${inBlock.block}attn.in_proj_${third[2]}`;
      const thirds = pending.get(joint) ?? [];
      thirds[THIRDS.indexOf(third[1] as (typeof THIRDS)[number])] = tensor;
      pending.set(joint, thirds);
    } else if (inBlock) {
      const translated = translateName(inBlock.parameter, reversePairs(IN_BLOCK));
      result[translated ? inBlock.block + translated : name] = tensor;
    } else result[translateName(name, reversePairs(TOWERS)) ?? name] = tensor;
  }
  // If one of the three is missing, the joint matrix is left out and reported as missing later.
  for (const [name, thirds] of pending) if (THIRDS.every((_, i) => thirds[i])) result[name] = concatenate(thirds);
  return result;
}

/**
 * Converts to the layout of Hugging Face's `CLIPModel`.
 * @throws MedbenchError('weights') for a tensor that a `CLIPModel` cannot hold, for example one of a ResNet.
 */
export function toHuggingFace(tensors: HostTensors): HostTensors {
  const result: HostTensors = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const projection = PROJECTIONS.find(([ownName]) => ownName === name);
    const inBlock = splitBlockName(name, BLOCKS);
    const joint = inBlock && /^attn\.in_proj_(weight|bias)$/.exec(inBlock.parameter);
    if (projection) result[projection[1]] = transpose(tensor);
    else if (inBlock && joint) {
      for (const [i, third] of splitThirds(tensor).entries()) {
        result[`${inBlock.block}self_attn.${THIRDS[i]}.${joint[1]}`] = third;
      }
    } else {
      const translated = inBlock && translateName(inBlock.parameter, IN_BLOCK);
      const target = inBlock ? translated && inBlock.block + translated : translateName(name, TOWERS);
      if (!target) {
        throw new MedbenchError('weights', `Hugging Face's CLIPModel has no place for ${name}`, {
          hint: 'A CLIPModel holds vision transformers only; write the layout open_clip instead.',
        });
      }
      result[target] = tensor;
    }
  }
  return result;
}

/** Removes the prefixes of wrappers from the names: one wrapper may lie in another, and compiled parts in the model. */
function stripWrappers(tensors: HostTensors): HostTensors {
  let names = Object.keys(tensors);
  for (;;) {
    const prefix = WRAPPERS.find((wrapper) => names.length > 0 && names.every((name) => name.startsWith(wrapper)));
    if (!prefix) break;
    names = names.map((name) => name.slice(prefix.length));
  }
  const values = Object.values(tensors);
  return Object.fromEntries(
    names.map((name, i) => {
      const own = name.startsWith(TEXT_WRAPPER) ? name.slice(TEXT_WRAPPER.length) : name;
      return [own.replaceAll(COMPILED_PART, '.'), values[i]!];
    }),
  );
}

/** Detects the layout of a file. @returns the layout, and the weights by medbench's names, without other entries. */
export function toOwnLayout(tensors: HostTensors): { readonly layout: WeightsLayout; readonly tensors: HostTensors } {
  const weights = Object.fromEntries(Object.entries(stripWrappers(tensors)).filter(([name]) => !IGNORED.test(name)));
  const huggingFace = Object.keys(weights).some((name) => /^(vision|text)_model\./.test(name));
  return huggingFace
    ? { layout: 'hugging-face', tensors: fromHuggingFace(weights) }
    : { layout: 'open_clip', tensors: weights };
}
