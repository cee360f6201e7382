// The real training step of a method: forward, backward, clipping, AdamW under its schedule, the clamp of the logit scale.
import { readSafetensors } from '@medbench/nn';
import { setupOf } from './cases.mjs';
import { readBatches } from './start.mjs';

export async function work({ key, method, files }, backend, options) {
  const { step } = await setupOf(key, method);
  const batches = await readBatches(files.batches);
  const { tensors } = await readSafetensors(files.weights);
  const loaded = await step.load(backend, step.initialState(tensors), options);
  return {
    step: async (at) => (await loaded.step(batches[at % batches.length])).loss.data[0],
    dispose: () => loaded.dispose(),
  };
}
