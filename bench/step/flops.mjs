// Floating-point operations of a tower's forward pass, from its sizes. A product of [m, k] and [k, n] counts 2 m n k.
// Norms, activations and softmax are not counted.

/**
 * Operations of one block on `tokens` tokens: query, key, value and output (4 W²), feed-forward (8 W²), and attention's
 * two products.
 */
const block = (width, tokens) => 2 * tokens * 12 * width ** 2 + 2 * 2 * tokens ** 2 * width;

/**
 * Operations of one block for one token: keys and values of all tokens (2 W²), everything else for that token alone.
 */
const blockForOne = (width, tokens) => 2 * tokens * 2 * width ** 2 + 2 * 10 * width ** 2 + 2 * 2 * tokens * width;

/** @param contender medbench computes the last block for the embedded token alone, PyTorch for all tokens. */
const blocks = ({ width, layers }, tokens, contender) =>
  (layers - 1) * block(width, tokens) + (contender.startsWith('torch') ? block : blockForOne)(width, tokens);

/** Operations of the image tower for one image. */
function imageFlops({ image, embedDim }, contender) {
  const { imageSize, patchSize, width } = image;
  const patches = (imageSize / patchSize) ** 2;
  const embedded = 2 * patches * 3 * patchSize ** 2 * width;
  return embedded + blocks(image, patches + 1, contender) + 2 * width * embedDim;
}

/** Operations of the text tower for one text. The token lookup needs no multiplication. */
const textFlops = ({ text, embedDim }, contender) =>
  blocks(text, text.contextLength, contender) + 2 * text.width * embedDim;

/** Operations of a tower on a batch of the case, as the contender computes it. */
export const towerFlops = (sizes, tower, contender) =>
  sizes.batch * (tower === 'image' ? imageFlops : textFlops)(sizes, contender);
