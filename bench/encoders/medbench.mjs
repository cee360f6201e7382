// medbench's side: one process per call, which prints one line of JSON.
//   node medbench.mjs make MODEL FOLDER LAYOUT   random weights, written for open_clip or Hugging Face
//   node medbench.mjs embed MODEL FOLDER BATCH ROUNDS OUT   loads FOLDER, embeds, writes the embeddings to
// OUT.{image,text}
import { writeFileSync } from 'node:fs';
import { Compiled } from '@medbench/backends-compiled';
import { dualEncoder, initialise } from '@medbench/nn';
import { exportWeights, findWeights, loadWeights } from '@medbench/weights';
import { ids, images } from './inputs.mjs';
import { builders, EMBED_DIM, vocabularySize } from './models.mjs';

const [verb, name, folder, ...rest] = process.argv.slice(2);
// BiomedCLIP's towers have the exact GELU.
const activation = name === 'biomedclip' ? 'gelu' : 'quick-gelu';
const vocabSize = vocabularySize(name);
const options = { embedDim: EMBED_DIM[name] ?? 512, vocabSize, activation };
const { image, text } = await builders(name);
const model = dualEncoder(image.build(options), text.build(options));

if (verb === 'make') {
  const weights = initialise(model.parameters, 7);
  // A gain of nearly zero would hide errors in the values that it multiplies.
  for (const { name: parameter, init } of model.parameters)
    if (init.kind === 'constant' && init.value < 1e-3 && /(weight|gamma)$/.test(parameter))
      weights[parameter].data.fill(0.5);
  console.log(JSON.stringify(await exportWeights(folder, weights, { layout: rest[0], activation, model })));
} else {
  const [batch, rounds, out] = [Number(rest[0]), Number(rest[1]), rest[2]];
  const { tensors, notes } = await loadWeights(await findWeights(folder), model.parameters, { activation });
  const answer = { notes };
  for (const [tower, input, run] of [
    ['image', images(batch, model.image.imageSize), (p, x) => model.encodeImage(p, x)],
    ['text', ids(batch, model.text.contextLength, vocabSize), (p, x) => model.encodeText(p, x)],
  ]) {
    const towerParameters = model.parameters.filter((spec) => spec.name.startsWith('visual.') === (tower === 'image'));
    const state = Object.fromEntries(towerParameters.map((spec) => [spec.name, tensors[spec.name]]));
    const program = {
      name: `embed:${tower}`,
      state: Object.fromEntries(towerParameters.map(({ name: one, shape }) => [one, { shape, dtype: 'float32' }])),
      inputs: { batch: { shape: input.shape, dtype: input.dtype } },
      run: (parameters, given) => ({ outputs: { embedding: run(parameters, given.batch).embedding } }),
    };
    const began = performance.now();
    const session = await new Compiled().load(program, state);
    const { embedding } = await session.step({ batch: input });
    const ready = (performance.now() - began) / 1000;
    writeFileSync(`${out}.${tower}`, new Uint8Array(embedding.data.buffer.slice(0)));
    const ms = [];
    for (let i = 0; i < rounds; i++) {
      const from = performance.now();
      await session.step({ batch: input });
      ms.push(performance.now() - from);
    }
    await session.dispose();
    answer[tower] = { ms, ready };
  }
  console.log(JSON.stringify({ ...answer, peakMiB: process.resourceUsage().maxRSS / 1024 }));
}
