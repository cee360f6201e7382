// The full training step of a method: forward, backward, clipping, AdamW with its schedule, and the clamp of the logit
// scale.
import { setUpCase } from './cases.mjs';
import { readStepBatches, readWeights } from './start.mjs';

export async function work({ key, method, files }, backend, options) {
  const { step, parameters } = await setUpCase(key, method);
  const batches = await readStepBatches(files.batches, step.inputs);
  const tensors = await readWeights(files.weights, parameters);
  const loaded = await step.load(backend, step.initialState(tensors), options);
  return {
    step: async (at) => (await loaded.step(batches[at % batches.length])).loss.data[0],
    dispose: () => loaded.dispose(),
  };
}
