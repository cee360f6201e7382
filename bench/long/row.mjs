// Rows of the long run: towers of one block on 16 patches, the general-domain corpus, a schedule over all steps.
import { clipTokenizer, fromArray } from '@medbench/data';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { MaskedCl } from '@medbench/methods-masked-cl';
import { dualEncoder, initialise } from '@medbench/nn';
import { shapesCase } from '@medbench/phantoms';
import { batchLoader, trainingStep } from '@medbench/training';
import { createMethod } from '../methods.mjs';

/** Number of batches. They are made once, and the steps cycle through them. */
const BATCHES = 32;
const MASKED = { ratio: 0.5, lambda: 1, temperature: 0.1, hidden: 32, output: 16 };
const METHODS = {
  clip: [createMethod(Clip), {}],
  'masked-cl, EMA teacher': [createMethod(MaskedCl), { ...MASKED, target: 'ema', momentum: 0.999 }],
};

/** @returns the step, its initial state, and a function from the number of a step to its batch. */
export async function createRow(name, steps) {
  const [method, settings] = METHODS[name];
  const tokenizer = await clipTokenizer({ merges: 0 });
  const sizes = { width: 64, layers: 1, embedDim: 32 };
  const model = dualEncoder(
    vitModel({ id: 'long', imageSize: 16, patchSize: 4, ...sizes }),
    gptModel({ id: 'long', contextLength: 12, vocabSize: tokenizer.vocabSize, ...sizes }),
  );
  const parameters = [...model.parameters, ...method.parameters(model, settings)];
  const training = {
    ...{ steps, batchSize: 8, chunkSize: null, learningRate: 1e-3, warmup: 50, weightDecay: 0.1 },
    ...{
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-6,
      clipNorm: 1,
      cropScale: [0.9, 1],
      checkpointEvery: 1e9,
      logEvery: 1e9,
    },
    validation: { share: 0, batches: 8, every: 50, patience: null, keep: 'last' },
  };
  const step = trainingStep({ name: `long:${name}`, model, method, settings, parameters, training });
  const pairs = fromArray(
    Array.from({ length: BATCHES * training.batchSize }, (_, i) => {
      const { render, caption } = shapesCase(1, i);
      return { image: render(20), caption };
    }),
  );
  const { batchSize, cropScale } = training;
  const options = { pairs, tokenizer, imageSize: 16, contextLength: 12, batchSize, cropScale, seed: 3, workers: 0 };
  const load = batchLoader({ ...options, inputs: step.inputs });
  const batches = [];
  for (let i = 0; i < BATCHES; i++) batches.push(await load(i));
  await load.close();
  return { step, state: step.initialState(initialise(parameters, 11)), batchAt: (i) => batches[i % BATCHES] };
}
