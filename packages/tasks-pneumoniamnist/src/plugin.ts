import { join } from 'node:path';
import {
  type DataContext,
  MedbenchError,
  type OpenedCorpus,
  random,
  Task,
  type TaskContext,
  type TaskOutcome,
} from '@medbench/core';
import { fingerprintFiles, isGenerated, type NpyArray, readNpz, requireFile } from '@medbench/data';
import { classTexts, evaluateClassification, type LabelledImages } from '@medbench/evaluation';

const FILE = 'pneumoniamnist.npz';
const TEMPLATES = [
  'frontal chest radiograph of a child, {}.',
  'chest X-ray read as {}.',
  'paediatric thorax film: {}.',
  'the lungs on this X-ray show {}.',
];
const CLASSES = ['normal lungs', 'pneumonia'];
/** Every wording of each class. */
const TEXTS = classTexts(TEMPLATES, CLASSES);

/** `[N, S, S]` grey pictures and `[N, 1]` labels of one split. */
function labelled(file: string, split: string, arrays: Readonly<Record<string, NpyArray>>): LabelledImages {
  const images = arrays[`${split}_images`]!;
  const labels = arrays[`${split}_labels`]!;
  const [count = 0, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3 || !(images.data instanceof Uint8Array) || labels.shape[0] !== count) {
    throw new MedbenchError(
      'data',
      `${file}: ${split}_images has shape [${images.shape.join(', ')}] and ${split}_labels [${labels.shape.join(', ')}]; ` +
        'expected uint8 [N, S, S] and [N, 1]',
      { hint: 'Download the file again.' },
    );
  }
  const values = Int32Array.from(labels.data as Uint8Array, Number);
  if (values.some((label) => label < 0 || label >= CLASSES.length)) {
    throw new MedbenchError('data', `${file}: ${split}_labels holds a label other than 0 and 1`);
  }
  const pixels = images.data;
  const size = height * width;
  return {
    labels: values,
    images: {
      length: count,
      get: async (i) => ({ width, height, channels: 1, data: pixels.subarray(i * size, (i + 1) * size) }),
    },
  };
}

/** Chest X-rays of children, 28 x 28: normal or pneumonia (MedMNIST v2, from Kermany et al. 2018). */
@Task({
  id: 'pneumoniamnist',
  title: 'PneumoniaMNIST',
  version: 1,
  modality: 'radiology',
  kind: 'classification',
  protocols: ['zero-shot', 'linear-probe'],
  classes: CLASSES,
  splits: { train: 4708, val: 524, test: 624 },
  licence: 'CC BY 4.0',
  access: 'open',
  citation: 'Yang et al. 2023, MedMNIST v2, doi:10.1038/s41597-022-01721-8; Kermany et al. 2018',
  metric: { 'zero-shot': 'accuracy', 'linear-probe': 'accuracy' },
  presets: ['paper', 'demo'],
})
export class PneumoniaMnist implements Task {
  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles([await this.#file(context)]);
  }

  async evaluate(model: Parameters<Task['evaluate']>[0], context: TaskContext): Promise<TaskOutcome> {
    const file = await this.#file(context);
    const arrays = await readNpz(
      file,
      ['train', 'val', 'test'].flatMap((split) => [`${split}_images`, `${split}_labels`]),
    );
    return {
      synthetic: await isGenerated(context.dataRoot),
      results: await evaluateClassification(
        model,
        {
          train: labelled(file, 'train', arrays),
          val: labelled(file, 'val', arrays),
          test: labelled(file, 'test', arrays),
        },
        { classes: CLASSES, prompts: TEMPLATES },
        context,
      ),
    };
  }

  /** Each training picture with a caption that names its label, in one of the prompt wordings. */
  async pairs(context: DataContext): Promise<OpenedCorpus> {
    const file = await this.#file(context);
    const { images, labels } = labelled(file, 'train', await readNpz(file, ['train_images', 'train_labels']));
    return {
      fingerprint: `${await fingerprintFiles([file])}/train/1`,
      synthetic: await isGenerated(context.dataRoot),
      pairs: {
        length: images.length,
        async get(i) {
          const caption = random(context.seed, 'pneumoniamnist', 'caption', i).pick(TEXTS[labels[i]!]!);
          return { image: await images.get(i), caption };
        },
      },
    };
  }

  async #file({ dataRoot }: DataContext): Promise<string> {
    const file = join(dataRoot, FILE);
    await requireFile(
      file,
      `Put ${FILE} of MedMNIST v2 there (zenodo record 10519652), or name its folder with --data.`,
    );
    return file;
  }
}
