// Floating-point operations of a tower's forward pass, from its sizes: a product of [m, k] and [k, n] is 2 m n k. Norms,
// activations, softmax and the like are left out.

/** Of the blocks on `tokens` tokens: query, key, value and output (4 W²), feed-forward (8 W²), and attention's two products. */
const blocks = ({ width, layers }, tokens) => layers * (2 * tokens * 12 * width ** 2 + 2 * 2 * tokens ** 2 * width);

/** Of the image tower, for one picture. */
export function imageFlops({ image, embedDim }) {
  const { imageSize, patchSize, width } = image;
  const patches = (imageSize / patchSize) ** 2;
  const embedded = 2 * patches * 3 * patchSize ** 2 * width;
  return embedded + blocks(image, patches + 1) + 2 * width * embedDim;
}

/** Of the text tower, for one text: looking up tokens multiplies nothing. */
export const textFlops = ({ text, embedDim }) => blocks(text, text.contextLength) + 2 * text.width * embedDim;

/** Of a tower on a batch of the case. */
export const towerFlops = (sizes, tower) => sizes.batch * (tower === 'image' ? imageFlops : textFlops)(sizes);
