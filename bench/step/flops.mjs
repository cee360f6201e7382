// Floating-point operations of a tower's forward pass, from its sizes: a product of [m, k] and [k, n] is 2 m n k. Norms,
// activations, softmax and the like are left out.

/** Of one block on `tokens` tokens: query, key, value and output (4 W²), feed-forward (8 W²), and attention's two products. */
const block = (width, tokens) => 2 * tokens * 12 * width ** 2 + 2 * 2 * tokens ** 2 * width;

/** Of one block for one of its tokens: keys and values of all (2 W²), the rest of that token alone. */
const blockForOne = (width, tokens) => 2 * tokens * 2 * width ** 2 + 2 * 10 * width ** 2 + 2 * 2 * tokens * width;

/** @param engine medbench's compute the last block for the token that is embedded; PyTorch's towers for all of them. */
const blocks = ({ width, layers }, tokens, engine) =>
  (layers - 1) * block(width, tokens) + (engine.startsWith('torch') ? block : blockForOne)(width, tokens);

/** Of the image tower, for one picture. */
function imageFlops({ image, embedDim }, engine) {
  const { imageSize, patchSize, width } = image;
  const patches = (imageSize / patchSize) ** 2;
  const embedded = 2 * patches * 3 * patchSize ** 2 * width;
  return embedded + blocks(image, patches + 1, engine) + 2 * width * embedDim;
}

/** Of the text tower, for one text: looking up tokens multiplies nothing. */
const textFlops = ({ text, embedDim }, engine) => blocks(text, text.contextLength, engine) + 2 * text.width * embedDim;

/** Of a tower on a batch of the case, as the engine computes it. */
export const towerFlops = (sizes, tower, engine) =>
  sizes.batch * (tower === 'image' ? imageFlops : textFlops)(sizes, engine);
