import type { CorpusInfo, TaskInfo } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { croissant } from './croissant.js';

const corpus: CorpusInfo = {
  ...{ id: 'pairs', title: 'Pairs', domain: 'medical', licence: 'CC BY-NC 4.0', access: 'agreement' },
  source: 'https://example.org/pairs (sign there), or https://example.org/other',
  citation: 'Someone 2024',
  pairs: { train: 10, valid: 2 },
  files: [
    { path: ['pairs/train.jsonl', 'pairs/all.jsonl'], what: 'a row for each image' },
    { path: 'pairs/images/', what: 'the images' },
    { path: 'pairs.npz', what: 'arrays', md5: { 'pairs.npz': 'a'.repeat(32) } },
  ],
};
const task: TaskInfo = {
  ...{ id: 'sorts', title: 'Sorts', version: 1, modality: 'mixed', kind: 'classification', protocols: ['zero-shot'] },
  ...{ classes: ['a', 'b'], phrases: ['an a', 'a b'], splits: { train: 5, val: 0, test: 3 }, metric: {} },
  ...{ licence: 'that of each image', access: 'open', citation: 'Someone 2025', caveats: ['Images repeat'] },
};

/** Properties that the specification of Croissant 1.0 calls required, of a data set and its parts. */
describe('croissant', () => {
  it('describes licence, source, files and splits of a corpus', () => {
    const described = croissant({ kind: 'corpus', info: corpus });
    expect(described).toMatchObject({
      '@type': 'sc:Dataset',
      conformsTo: 'http://mlcommons.org/croissant/1.0',
      name: 'pairs',
      license: 'https://creativecommons.org/licenses/by-nc/4.0/',
      url: 'https://example.org/pairs',
      citeAs: 'Someone 2024',
      isAccessibleForFree: false,
      distribution: [
        {
          '@type': 'cr:FileSet',
          '@id': 'pairs/train.jsonl',
          includes: ['pairs/train.jsonl', 'pairs/all.jsonl'],
          encodingFormat: 'application/jsonlines',
        },
        { '@type': 'cr:FileSet', '@id': 'pairs/images/', name: 'images', includes: ['pairs/images/**'] },
        { '@type': 'cr:FileObject', '@id': 'pairs.npz', contentUrl: 'pairs.npz', md5: 'a'.repeat(32) },
      ],
    });
    expect(described.recordSet).toEqual([
      {
        '@type': 'cr:RecordSet',
        '@id': 'splits',
        name: 'splits',
        description: 'Splits and their numbers: image-text pairs.',
        dataType: 'cr:Split',
        key: { '@id': 'splits/name' },
        field: [
          { '@type': 'cr:Field', '@id': 'splits/name', name: 'name', dataType: 'sc:Text' },
          { '@type': 'cr:Field', '@id': 'splits/url', name: 'url', dataType: 'sc:URL' },
          { '@type': 'cr:Field', '@id': 'splits/examples', name: 'examples', dataType: 'sc:Integer' },
        ],
        data: [
          {
            'splits/name': 'train',
            'splits/url': 'http://mlcommons.org/croissant/TrainingSplit',
            'splits/examples': 10,
          },
          {
            'splits/name': 'valid',
            'splits/url': 'http://mlcommons.org/croissant/ValidationSplit',
            'splits/examples': 2,
          },
        ],
      },
    ]);
  });

  it('describes the classes of a task, and leaves out what is not known', () => {
    const described = croissant({ kind: 'task', info: task });
    expect(described).toMatchObject({
      license: 'that of each image',
      description: expect.stringContaining('Images repeat.'),
    });
    expect(described).not.toHaveProperty('url');
    expect(described).not.toHaveProperty('distribution');
    const [splits, classes] = described.recordSet as readonly { readonly data: readonly object[] }[];
    expect(splits!.data.length).toBe(2);
    expect(classes!.data).toEqual([
      { 'classes/label': 0, 'classes/name': 'a', 'classes/phrase': 'an a' },
      { 'classes/label': 1, 'classes/name': 'b', 'classes/phrase': 'a b' },
    ]);
  });

  it('says of generated data that it is generated', () => {
    const info = { ...corpus, access: 'generated' } as const;
    expect(croissant({ kind: 'corpus', info }).description).toContain('Generated data, not medical images.');
  });
});
