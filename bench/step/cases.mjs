// The two models of the benchmark: pre-LN ViT and causal text transformer, symmetric InfoNCE, AdamW.

/** Sides in pixels, widths, numbers of blocks and of tokens; heads are 64 wide. */
export const CASES = {
  a: { image: 32, patch: 8, width: 64, blocks: 4, tokens: 32, vocabulary: 1000, textWidth: 64, textBlocks: 2 },
  b: { image: 64, patch: 8, width: 192, blocks: 6, tokens: 77, vocabulary: 8192, textWidth: 128, textBlocks: 4 },
};
export const BATCH = 32;
export const EMBED = 128;
export const HEAD = 64;
export const OPTIMIZER = { rate: 5e-4, warmup: 50, total: 1000, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, decay: 0.2 };
/** Batches that the steps go through in turn. */
export const BATCHES = 4;

const block = (name, width) => [
  [`${name}.ln_1.weight`, [width], 'one'],
  [`${name}.ln_1.bias`, [width], 'zero'],
  [`${name}.attn.in_proj_weight`, [3 * width, width], width ** -0.5],
  [`${name}.attn.in_proj_bias`, [3 * width], 'zero'],
  [`${name}.attn.out_proj.weight`, [width, width], 0.5 * width ** -0.5],
  [`${name}.attn.out_proj.bias`, [width], 'zero'],
  [`${name}.ln_2.weight`, [width], 'one'],
  [`${name}.ln_2.bias`, [width], 'zero'],
  [`${name}.mlp.c_fc.weight`, [4 * width, width], (2 * width) ** -0.5],
  [`${name}.mlp.c_fc.bias`, [4 * width], 'zero'],
  [`${name}.mlp.c_proj.weight`, [width, 4 * width], 0.5 * width ** -0.5],
  [`${name}.mlp.c_proj.bias`, [width], 'zero'],
];
const range = (count) => Array.from({ length: count }, (_, i) => i);

/** Name, shape and start of each parameter; a number is the standard deviation of a normal draw. */
export function parametersOf({ image, patch, width, blocks, tokens, vocabulary, textWidth, textBlocks }) {
  return [
    ['visual.patch.weight', [width, 3 * patch * patch], 0.05],
    ['visual.patch.bias', [width], 'zero'],
    ['visual.class_embedding', [1, 1, width], 0.05],
    ['visual.positional_embedding', [(image / patch) ** 2 + 1, width], 0.05],
    ...range(blocks).flatMap((i) => block(`visual.blocks.${i}`, width)),
    ['visual.proj', [EMBED, width], width ** -0.5],
    ['token_embedding', [vocabulary, textWidth], 0.02],
    ['positional_embedding', [tokens, textWidth], 0.01],
    ...range(textBlocks).flatMap((i) => block(`blocks.${i}`, textWidth)),
    ['text_projection', [EMBED, textWidth], textWidth ** -0.5],
    ['logit_scale', [], 'scale'],
  ];
}
