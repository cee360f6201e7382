import type { ParameterSpec, TensorMap, TowerStage } from '@medbench/core';
import { blockParameters, normal, ones, uniform, zeros } from '@medbench/nn';
import { patchInit } from './patches.js';

/** Prefix that open_clip puts in front of the parameters of a tower of timm. */
export const TRUNK = 'trunk.';

/** Names of a block's parameters: ours, as in CLIP, and timm's. */
const IN_BLOCK: Readonly<Record<string, string>> = {
  'ln_1.weight': 'norm1.weight',
  'ln_1.bias': 'norm1.bias',
  'attn.in_proj_weight': 'attn.qkv.weight',
  'attn.in_proj_bias': 'attn.qkv.bias',
  'attn.out_proj.weight': 'attn.proj.weight',
  'attn.out_proj.bias': 'attn.proj.bias',
  'ln_2.weight': 'norm2.weight',
  'ln_2.bias': 'norm2.bias',
  'mlp.c_fc.weight': 'mlp.fc1.weight',
  'mlp.c_fc.bias': 'mlp.fc1.bias',
  'mlp.c_proj.weight': 'mlp.fc2.weight',
  'mlp.c_proj.bias': 'mlp.fc2.bias',
};

/** Names of the feed-forward half of the attention pool: ours, as in a block of CLIP, and timm's. */
const IN_POOL: Readonly<Record<string, string>> = {
  'ln_2.weight': 'norm.weight',
  'ln_2.bias': 'norm.bias',
  'mlp.c_fc.weight': 'mlp.fc1.weight',
  'mlp.c_fc.bias': 'mlp.fc1.bias',
  'mlp.c_proj.weight': 'mlp.fc2.weight',
  'mlp.c_proj.bias': 'mlp.fc2.bias',
};

/** timm's initialisation of linear layers: a normal of 0.02, truncated a hundred deviations away. */
const LINEAR = normal(0.02);

/** The parameters of the blocks under the names that `transformer` reads, `resblocks.<i>.…`. */
export function renameBlocks(parameters: TensorMap, layers: number): TensorMap {
  return Object.fromEntries(
    Array.from({ length: layers }, (_, i) =>
      Object.entries(IN_BLOCK).map(
        ([own, theirs]) => [`resblocks.${i}.${own}`, parameters[`${TRUNK}blocks.${i}.${theirs}`]!] as const,
      ),
    ).flat(),
  );
}

/** The parameters of the attention pool's feed-forward half under the names that `mlp` reads. */
export const renamePool = (parameters: TensorMap): TensorMap =>
  Object.fromEntries(
    Object.entries(IN_POOL).map(([own, theirs]) => [own, parameters[`${TRUNK}attn_pool.${theirs}`]!] as const),
  );

/** Sizes and options that the parameters of a tower of timm depend on. */
export interface TimmParameters {
  readonly patchSize: number;
  /** Rows of the position table. */
  readonly positions: number;
  readonly width: number;
  readonly layers: number;
  readonly embedDim: number;
  readonly pooling: 'token' | 'map';
  readonly projects: boolean;
}

const norm = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], init: ones },
  { name: `${name}.bias`, shape: [width], init: zeros },
];

const linear = (name: string, input: number, output: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [output, input], init: LINEAR },
  { name: `${name}.bias`, shape: [output], init: zeros },
];

function poolParameters(width: number): ParameterSpec[] {
  const pool = `${TRUNK}attn_pool`;
  return [
    { name: `${pool}.latent`, shape: [1, 1, width], init: normal(width ** -0.5) },
    ...linear(`${pool}.q`, width, width),
    ...linear(`${pool}.kv`, width, 2 * width),
    ...linear(`${pool}.proj`, width, width),
    ...norm(`${pool}.norm`, width),
    ...linear(`${pool}.mlp.fc1`, width, 4 * width),
    ...linear(`${pool}.mlp.fc2`, 4 * width, width),
  ];
}

/** The parameters of a tower of timm, as open_clip names them, and what freezes together. */
export function timmStages(sizes: TimmParameters): {
  readonly parameters: readonly ParameterSpec[];
  readonly stages: readonly TowerStage[];
} {
  const { patchSize, positions, width, layers, embedDim, pooling, projects } = sizes;
  const embedding: ParameterSpec[] = [
    // timm draws the class token with 1e-6.
    ...(pooling === 'token' ? [{ name: `${TRUNK}cls_token`, shape: [1, 1, width], init: normal(1e-6) }] : []),
    { name: `${TRUNK}pos_embed`, shape: [1, positions, width], init: LINEAR },
    {
      name: `${TRUNK}patch_embed.proj.weight`,
      shape: [width, 3, patchSize, patchSize],
      init: patchInit(patchSize),
    },
    { name: `${TRUNK}patch_embed.proj.bias`, shape: [width], init: patchInit(patchSize) },
  ];
  const blocks = Array.from({ length: layers }, (_, i) =>
    blockParameters('', { width, layers }).map(({ name, shape, init }) => ({
      name: `${TRUNK}blocks.${i}.${IN_BLOCK[name]!}`,
      shape,
      init: shape.length === 2 ? LINEAR : init,
    })),
  );
  const head: ParameterSpec[] = [
    ...norm(`${TRUNK}norm`, width),
    ...(pooling === 'map' ? poolParameters(width) : []),
    // The default of PyTorch, as in open_clip.
    ...(projects ? [{ name: 'head.proj.weight', shape: [embedDim, width], init: uniform(width ** -0.5) }] : []),
  ];
  const stage = (name: string, kind: TowerStage['kind'], specs: readonly ParameterSpec[]): TowerStage => ({
    name,
    kind,
    parameters: specs.map((spec) => spec.name),
  });
  return {
    parameters: [...embedding, ...blocks.flat(), ...head],
    stages: [
      stage('embedding', 'embedding', embedding),
      ...blocks.map((specs, i) => stage(`${TRUNK}blocks.${i}`, 'block', specs)),
      stage('head', 'head', head),
    ],
  };
}
