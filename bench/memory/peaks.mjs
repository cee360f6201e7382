// Steps whose peak memory is predicted and measured: those of the demo and of `bench:step`, convolutions, and chunks.
// `check` adds the self-check of the first step. `cached` loads ONNX Runtime's graph from the cache.
import { GptDemo } from '@medbench/encoders-gpt';
import { ResNet50 } from '@medbench/encoders-resnet';
import { VitDemo } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { dualEncoder } from '@medbench/nn';
import { trainingStep } from '@medbench/training';
import { createMethod } from '../methods.mjs';
import { setUpCase, trainingSettings } from '../step/cases.mjs';

const VOCABULARY = 8702;

/** CLIP on two towers. */
function clip(Image, batchSize, chunkSize = null, embedDim = 64) {
  const options = { embedDim, vocabSize: VOCABULARY };
  const model = dualEncoder(new Image().build(options), new GptDemo().build(options));
  const { parameters } = model;
  const training = { ...trainingSettings('a'), batchSize, chunkSize };
  const step = trainingStep({ name: 'memory', model, method: createMethod(Clip), settings: {}, parameters, training });
  return { step, model, parameters, batchSize };
}
const ofCase = async (key, method) => ({
  ...(await setUpCase(key, method)),
  batchSize: trainingSettings(key).batchSize,
});

export const PEAKS = {
  demo: { title: 'demo, batch 64', steps: 30, setup: async () => clip(VitDemo, 64) },
  chunks: { title: 'demo, batch 1024 in chunks of 64', steps: 3, setup: async () => clip(VitDemo, 1024, 64) },
  a: { title: 'case a, clip', steps: 30, setup: () => ofCase('a', 'clip') },
  checked: {
    ...{ title: 'case a, clip, with the self-check of its first step', steps: 30, check: true },
    setup: () => ofCase('a', 'clip'),
  },
  b: { title: 'case b, clip', steps: 12, setup: () => ofCase('b', 'clip') },
  kept: { title: 'case b, clip, graph from the cache', steps: 12, cached: true, setup: () => ofCase('b', 'clip') },
  locked: { title: 'case b, clip-locked', steps: 12, setup: () => ofCase('b', 'clip-locked') },
  masked: { title: 'case b, masked-cl', steps: 8, setup: () => ofCase('b', 'masked-cl') },
  flip: { title: 'case b, flip', steps: 12, setup: () => ofCase('b', 'flip') },
  filip: { title: 'case b, filip', steps: 12, setup: () => ofCase('b', 'filip') },
  slip: { title: 'case b, slip', steps: 8, setup: () => ofCase('b', 'slip') },
  coca: { title: 'case b, coca', steps: 8, setup: () => ofCase('b', 'coca') },
  resnet: {
    title: 'ResNet-50 and the demo’s text tower, batch 8',
    steps: 4,
    setup: async () => clip(ResNet50, 8, null, 1024),
  },
  c: { title: 'case c (ViT-B/16 and GPT/77), clip', steps: 3, setup: () => ofCase('c', 'clip') },
};
