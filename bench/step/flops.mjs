// Floating-point operations of a tower's forward pass, from its sizes: a product of [m, k] and [k, n] is 2 m n k. Norms,
// activations, softmax and the like are left out.

/** Of one block on `tokens` tokens: query, key, value and output (4 W²), feed-forward (8 W²), and attention's two products. */
const block = (width, tokens) => 2 * tokens * 12 * width ** 2 + 2 * 2 * tokens ** 2 * width;

/** Of one block for one of its tokens: keys and values of all (2 W²), the rest of that token alone. */
const blockForOne = (width, tokens) => 2 * tokens * 2 * width ** 2 + 2 * 10 * width ** 2 + 2 * 2 * tokens * width;

/** @param contender medbench's compute the last block for the token that is embedded; PyTorch's towers for all of them. */
const blocks = ({ width, layers }, tokens, contender) =>
  (layers - 1) * block(width, tokens) + (contender.startsWith('torch') ? block : blockForOne)(width, tokens);

/** Of the image tower, for one image. */
function imageFlops({ image, embedDim }, contender) {
  const { imageSize, patchSize, width } = image;
  const patches = (imageSize / patchSize) ** 2;
  const embedded = 2 * patches * 3 * patchSize ** 2 * width;
  return embedded + blocks(image, patches + 1, contender) + 2 * width * embedDim;
}

/** Of the text tower, for one text: looking up tokens multiplies nothing. */
const textFlops = ({ text, embedDim }, contender) =>
  blocks(text, text.contextLength, contender) + 2 * text.width * embedDim;

/** Of a tower on a batch of the case, as the contender computes it. */
export const towerFlops = (sizes, tower, contender) =>
  sizes.batch * (tower === 'image' ? imageFlops : textFlops)(sizes, contender);
