// The forward pass of a tower as evaluation runs it. The program is intercepted when the embedder loads it.
import { fromArray } from '@medbench/data';
import { loadModel } from '@medbench/training';
import { CASES, createTowers } from './cases.mjs';
import { readBatches } from './start.mjs';

const IMAGE = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) };

/** The program and parameters that the embedder loads for a tower. */
async function embedderProgram(key, tower, weights) {
  const { image, text } = createTowers(key);
  const taken = {};
  const backend = {
    load(program, state) {
      Object.assign(taken, { program, state });
      return Promise.reject(new Error('taken'));
    },
  };
  // The smallest vocabulary of the tokenizer: the tower has its own token table, and the ids come from the batch.
  const model = { embedDim: CASES[key].embedDim, activation: 'quick-gelu', merges: 0 };
  const request = { image: { build: () => image }, text: { build: () => text }, model, backend, log: console.error };
  const embedder = await loadModel(request, { file: weights });
  const embed = { image: () => embedder.embedImages(fromArray([IMAGE])), text: () => embedder.embedTexts(['']) };
  await embed[tower]().catch((error) => {
    if (!taken.program) throw error;
  });
  return taken;
}

export async function work({ key, tower, files }, backend, options) {
  const { program, state } = await embedderProgram(key, tower, files.weights);
  const batches = (await readBatches(files.batches)).map((batch) => (tower === 'image' ? batch.images : batch.ids));
  const [{ shape, dtype }] = batches;
  // Evaluation has a batch size of its own. The bench uses the batch size of the case.
  const [input] = Object.keys(program.inputs);
  const sized = { ...program, inputs: { [input]: { shape, dtype } } };
  const session = await backend.load(sized, state, { ...options, fixed: true });
  return {
    async step(at) {
      const { embeddings } = await session.step({ [input]: batches[at % batches.length] });
      return [...embeddings.data.subarray(0, embeddings.shape[1])];
    },
    dispose: () => session.dispose(),
  };
}
