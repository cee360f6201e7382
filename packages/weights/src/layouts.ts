import { type HostTensor, type HostTensors, MedbenchError } from '@medbench/core';

/** How a file names and shapes its tensors. `open_clip` is OpenAI's too, and medbench's own. */
export type Layout = 'open_clip' | 'hugging-face';

/** Entries that are no weights: buffers, and OpenAI's three sizes. */
const IGNORED = /(^|\.)(position_ids|num_batches_tracked|attn_mask)$|^(input_resolution|context_length|vocab_size)$/;

/** What training wrappers and open_clip's models with a text tower of their own put in front of every name. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.'] as const;
const TEXT_WRAPPER = 'text.';

/** Tensors that open_clip stores as (in, out) and Hugging Face as a linear layer, (out, in). */
const PROJECTIONS: readonly (readonly [string, string])[] = [
  ['visual.proj', 'visual_projection.weight'],
  ['text_projection', 'text_projection.weight'],
];

const TOWERS: readonly (readonly [string, string])[] = [
  ['logit_scale', 'logit_scale'],
  ['visual.class_embedding', 'vision_model.embeddings.class_embedding'],
  ['visual.conv1.weight', 'vision_model.embeddings.patch_embedding.weight'],
  ['visual.positional_embedding', 'vision_model.embeddings.position_embedding.weight'],
  // Spelt so in the original.
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

/** open_clip keeps queries, keys and values as one matrix, in this order; Hugging Face as three. */
const THIRDS = ['q_proj', 'k_proj', 'v_proj'] as const;

/** A name in the other layout: whole, or with what it begins with replaced. */
function renamed(name: string, pairs: readonly (readonly [string, string])[]): string | undefined {
  for (const [from, to] of pairs) {
    if (name === from) return to;
    if (name.startsWith(`${from}.`)) return to + name.slice(from.length);
  }
  return undefined;
}

const turned = (pairs: readonly (readonly [string, string])[]): (readonly [string, string])[] =>
  pairs.map(([a, b]) => [b, a] as const);

/** A block's name split into what precedes its number (in the other layout), the number, and the rest. */
function blockOf(
  name: string,
  blocks: readonly (readonly [string, string])[],
): { readonly block: string; readonly rest: string } | undefined {
  for (const [from, to] of blocks) {
    if (!name.startsWith(from)) continue;
    const dot = name.indexOf('.', from.length);
    if (dot < 0) return undefined;
    return { block: `${to}${name.slice(from.length, dot)}.`, rest: name.slice(dot + 1) };
  }
  return undefined;
}

/** Rows and columns exchanged. `[m, n]` to `[n, m]`. */
function transposed({ shape, data }: HostTensor): HostTensor {
  const [rows, cols] = shape as [number, number];
  const result = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) result[col * rows + row] = data[row * cols + col]!;
  }
  return { shape: [cols, rows], dtype: 'float32', data: result };
}

function joined(parts: readonly HostTensor[]): HostTensor {
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape: [3 * parts[0]!.shape[0]!, ...parts[0]!.shape.slice(1)], dtype: 'float32', data };
}

function thirds({ shape, data }: HostTensor): HostTensor[] {
  const size = data.length / 3;
  const part = [shape[0]! / 3, ...shape.slice(1)];
  return THIRDS.map((_, i) => ({ shape: part, dtype: 'float32', data: data.slice(i * size, (i + 1) * size) }));
}

/** From the names of Hugging Face's `CLIPModel`. What is not known there keeps its name, so that it is reported later. */
export function fromHuggingFace(tensors: HostTensors): HostTensors {
  const result: HostTensors = {};
  const pending = new Map<string, HostTensor[]>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const projection = renamed(name, turned(PROJECTIONS));
    const inBlock = blockOf(name, turned(BLOCKS));
    const third = inBlock && /^self_attn\.([qkv]_proj)\.(weight|bias)$/.exec(inBlock.rest);
    if (projection && tensor.shape.length === 2) result[projection] = transposed(tensor);
    else if (inBlock && third) {
      const joint = `${inBlock.block}attn.in_proj_${third[2]}`;
      const parts = pending.get(joint) ?? [];
      parts[THIRDS.indexOf(third[1] as (typeof THIRDS)[number])] = tensor;
      pending.set(joint, parts);
    } else if (inBlock) {
      const rest = renamed(inBlock.rest, turned(IN_BLOCK));
      result[rest ? inBlock.block + rest : name] = tensor;
    } else result[renamed(name, turned(TOWERS)) ?? name] = tensor;
  }
  // One of three missing: the joint matrix is then reported as missing.
  for (const [name, parts] of pending) if (THIRDS.every((_, i) => parts[i])) result[name] = joined(parts);
  return result;
}

/**
 * To the names of Hugging Face's `CLIPModel`.
 * @throws MedbenchError('weights') for a tensor that it has no place for (a ResNet: there is no such `CLIPModel`).
 */
export function toHuggingFace(tensors: HostTensors): HostTensors {
  const result: HostTensors = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const projection = PROJECTIONS.find(([own]) => own === name);
    const inBlock = blockOf(name, BLOCKS);
    const joint = inBlock && /^attn\.in_proj_(weight|bias)$/.exec(inBlock.rest);
    if (projection) result[projection[1]] = transposed(tensor);
    else if (inBlock && joint) {
      for (const [i, part] of thirds(tensor).entries()) {
        result[`${inBlock.block}self_attn.${THIRDS[i]}.${joint[1]}`] = part;
      }
    } else {
      const rest = inBlock && renamed(inBlock.rest, IN_BLOCK);
      const target = inBlock ? rest && inBlock.block + rest : renamed(name, TOWERS);
      if (!target) {
        throw new MedbenchError('weights', `Hugging Face's CLIPModel has no place for ${name}`, {
          hint: 'It holds vision transformers only; write the layout open_clip instead.',
        });
      }
      result[target] = tensor;
    }
  }
  return result;
}

/** Names without what wrappers put in front of all of them. */
function unwrapped(tensors: HostTensors): HostTensors {
  const prefix = WRAPPERS.find((one) => Object.keys(tensors).every((name) => name.startsWith(one)));
  const bare = prefix
    ? Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name.slice(prefix.length), tensor]))
    : tensors;
  return Object.fromEntries(
    Object.entries(bare).map(([name, tensor]) => [
      name.startsWith(TEXT_WRAPPER) ? name.slice(TEXT_WRAPPER.length) : name,
      tensor,
    ]),
  );
}

/** Finds out the layout of a file, and gives its tensors by medbench's own names, without what is no weight. */
export function toOwnLayout(tensors: HostTensors): { readonly layout: Layout; readonly tensors: HostTensors } {
  const weights = Object.fromEntries(Object.entries(unwrapped(tensors)).filter(([name]) => !IGNORED.test(name)));
  const huggingFace = Object.keys(weights).some((name) => /^(vision|text)_model\./.test(name));
  return huggingFace
    ? { layout: 'hugging-face', tensors: fromHuggingFace(weights) }
    : { layout: 'open_clip', tensors: weights };
}
