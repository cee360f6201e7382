// medbench's side: one process per call, which prints one line of JSON.
//   node medbench.mjs ENCODER FOLDER BATCHES [CHECKPOINT]
// Writes FOLDER/tower.onnx and, for each batch size B, the input (B.input) and medbench's embeddings (B.embeddings).
// The weights are random, or read from a run's weights.safetensors.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Compiled, runOnnx, standaloneOnnx } from '@medbench/backends-compiled';
import { Gpt77, GptDemo } from '@medbench/encoders-gpt';
import { ResNet50, ResNetDemo } from '@medbench/encoders-resnet';
import { VitB16, VitDemo } from '@medbench/encoders-vit';
import { dualEncoder, initialise, readSafetensors } from '@medbench/nn';
import { embeddingProgram, TOWER_INPUT, towerProgram, towerWeights } from '@medbench/training';
import { ids, images } from '../encoders/inputs.mjs';

const [encoder, folder, batches, checkpoint] = process.argv.slice(2);
const BUILDERS = {
  'vit-demo': [VitDemo, GptDemo, 'image'],
  'rn-demo': [ResNetDemo, GptDemo, 'image'],
  'gpt-demo': [VitDemo, GptDemo, 'text'],
  'vit-b-16': [VitB16, GptDemo, 'image'],
  rn50: [ResNet50, GptDemo, 'image'],
  'gpt-77': [VitDemo, Gpt77, 'text'],
};
const [Image, Text, tower] = BUILDERS[encoder];
const loaded = checkpoint ? await readSafetensors(checkpoint) : undefined;
const vocabSize = loaded?.tensors['token_embedding.weight'].shape[0] ?? (encoder === 'gpt-77' ? 49408 : 8704);
const embedDim = loaded?.tensors.text_projection.shape[1] ?? (encoder.endsWith('demo') ? 64 : 512);
const options = { embedDim, vocabSize, activation: loaded?.metadata.activation ?? 'quick-gelu' };
const model = dualEncoder(new Image().build(options), new Text().build(options));
const weights = loaded?.tensors ?? initialise(model.parameters, 7);
// A gain of zero would hide errors in the values that it multiplies.
if (!loaded)
  for (const { name, init } of model.parameters)
    if (init.kind === 'constant' && init.value === 0 && name.endsWith('weight')) weights[name].data.fill(0.5);

const ownWeights = towerWeights(model, tower, weights);
const began = performance.now();
const file = await standaloneOnnx((batch) => embeddingProgram(model, tower, batch), ownWeights);
const seconds = (performance.now() - began) / 1000;
writeFileSync(join(folder, 'tower.onnx'), file);
let [most, largest] = [0, 0];
for (const batch of batches.split(',').map(Number)) {
  const input =
    tower === 'image' ? images(batch, model.image.imageSize) : ids(batch, model.text.contextLength, vocabSize);
  const feeds = { [TOWER_INPUT[tower]]: input };
  const session = await new Compiled().load(towerProgram(model, tower, batch), ownWeights);
  const { embeddings } = await session.step(feeds);
  await session.dispose();
  const read = (await runOnnx(file, feeds)).embeddings;
  embeddings.data.forEach((value, i) => {
    most = Math.max(most, Math.abs(value - read.data[i]));
    largest = Math.max(largest, Math.abs(value));
  });
  const bytes = ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writeFileSync(join(folder, `${batch}.input`), bytes(input));
  writeFileSync(join(folder, `${batch}.embeddings`), bytes(embeddings));
}
console.log(JSON.stringify({ tower, mebibytes: file.byteLength / 2 ** 20, seconds, node: most / largest }));
