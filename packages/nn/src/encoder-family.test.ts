import { type ImageEncoderModel, type PluginMetadata, pluginMetadata } from '@medbench/core';
import { expect, it } from 'vitest';
import { encoderFamily } from './index.js';

interface Sizes {
  readonly id: string;
  readonly imageSize: number;
  readonly width: number;
  readonly embedDim: number;
}

/** Makes a tower with two matrices, one block and one head. */
const makeTower = ({ id, imageSize, width, embedDim }: Sizes): ImageEncoderModel => {
  const init = { kind: 'constant', value: 0 } as const;
  return {
    id,
    imageSize,
    width,
    embedDim,
    parameters: [
      { name: 'block', shape: [width, width], init },
      { name: 'head', shape: [embedDim, width], init },
    ],
    stages: [
      { name: 'block', kind: 'block', parameters: ['block'] },
      { name: 'head', kind: 'head', parameters: ['head'] },
    ],
    forward: () => {
      throw new Error('not run');
    },
  };
};

const { Narrow, Wide } = encoderFamily(makeTower, ({ embedDim }) => ({ embedDim }), {
  Narrow: { title: 'narrow', source: 'here', sizes: { id: 'narrow', imageSize: 8, width: 3, embedDim: 2 } },
  Wide: { title: 'wide', source: 'there', sizes: { id: 'wide', imageSize: 16, width: 5, embedDim: 4 } },
});

it('encoderFamily makes a class for each member, decorated with the info of its published sizes', () => {
  expect([Narrow.name, Wide.name]).toEqual(['Narrow', 'Wide']);
  const { kind, info } = pluginMetadata(Wide) as PluginMetadata;
  expect(kind).toBe('encoder');
  expect(info).toEqual({
    id: 'wide',
    title: 'wide',
    modality: 'image',
    imageSize: 16,
    layers: 1,
    width: 5,
    embedDim: 4,
    parameters: 45,
    stages: { embedding: 0, blocks: [25], head: 20 },
    source: 'there',
  });
});

it('a class of encoderFamily builds its member with the sizes that the options of a run override', () => {
  const built = new Narrow().build({ embedDim: 7, vocabSize: 100 });
  expect(built).toMatchObject({ id: 'narrow', imageSize: 8, width: 3, embedDim: 7 });
  expect(built).not.toHaveProperty('vocabSize');
});
