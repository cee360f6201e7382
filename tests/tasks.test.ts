import { pluginMetadata, type Task, type TaskInfo } from '@medbench/core';
import { constantModel, randomModel, testContext } from '@medbench/core/testing';
import { testProtocols } from '@medbench/evaluation/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { workspacePackages } from '../scripts/workspace.mjs';
import { selected } from './support/full.js';
import { sharedPhantoms } from './support/phantoms.js';
import { pixelModel } from './support/pixels.js';

interface Published {
  readonly modality: string;
  readonly splits: readonly [train: number, val: number, test: number];
  /** Class names in label order where they are codes of the data set, otherwise the number of classes. */
  readonly classes: number | readonly string[];
  readonly counts?: Readonly<Record<string, readonly number[]>>;
}

/** The classification tasks as published, written down independently of the packages. */
const PUBLISHED: Readonly<Record<string, Published>> = {
  bach: {
    modality: 'histopathology',
    splits: [300, 0, 100],
    classes: ['Benign', 'InSitu', 'Invasive', 'Normal'],
    counts: { all: [100, 100, 100, 100] },
  },
  ham10000: {
    modality: 'dermatology',
    splits: [8012, 0, 2003],
    classes: ['akiec', 'bcc', 'bkl', 'df', 'mel', 'nv', 'vasc'],
    counts: { all: [327, 514, 1099, 115, 1113, 6705, 142] },
  },
  'lc25000-lung': {
    modality: 'histopathology',
    splits: [12000, 0, 3000],
    classes: ['benign', 'adenocarcinoma', 'squamous cell carcinoma'],
    counts: { all: [5000, 5000, 5000] },
  },
  'lc25000-colon': {
    modality: 'histopathology',
    splits: [8000, 0, 2000],
    classes: ['benign', 'adenocarcinoma'],
    counts: { all: [5000, 5000] },
  },
  'nct-crc': {
    modality: 'histopathology',
    splits: [89434, 0, 6333],
    classes: ['ADI', 'DEB', 'LYM', 'MUC', 'MUS', 'NORM', 'STR', 'TUM'],
    counts: {
      train: [10407, 11512, 11557, 8896, 13536, 8763, 10446, 14317],
      test: [1338, 339, 634, 1035, 592, 741, 421, 1233],
    },
  },
  'pad-ufes-20': {
    modality: 'dermatology',
    splits: [1838, 0, 460],
    classes: ['BCC', 'MEL', 'SCC', 'ACK', 'NEV', 'SEK'],
    counts: { all: [845, 52, 192, 730, 244, 235] },
  },
  pcam: { modality: 'histopathology', splits: [262144, 32768, 32768], classes: 2 },
  'sicap-v2': {
    modality: 'histopathology',
    splits: [9959, 0, 2122],
    classes: ['NC', 'G3', 'G4', 'G5'],
    counts: { test: [644, 393, 853, 232] },
  },
  'vindr-mammo': {
    modality: 'radiology',
    // These are images. The examples are the images with one finding, which are far fewer.
    splits: [16000, 0, 4000],
    classes: [
      'Mass',
      'Suspicious Calcification',
      'Asymmetry',
      'Focal Asymmetry',
      'Global Asymmetry',
      'Architectural Distortion',
      'Skin Thickening',
      'Skin Retraction',
      'Nipple Retraction',
      'Suspicious Lymph Node',
    ],
  },
  pathmnist: {
    modality: 'histopathology',
    splits: [89996, 10004, 7180],
    classes: 9,
    // All of CRC-VAL-HE-7K, including background.
    counts: { test: [1338, 847, 339, 634, 1035, 592, 741, 421, 1233] },
  },
  dermamnist: {
    modality: 'dermatology',
    splits: [7007, 1003, 2005],
    classes: ['akiec', 'bcc', 'bkl', 'df', 'mel', 'nv', 'vasc'],
  },
  octmnist: { modality: 'ophthalmology', splits: [97477, 10832, 1000], classes: 4 },
  pneumoniamnist: {
    modality: 'radiology',
    splits: [4708, 524, 624],
    classes: ['normal', 'pneumonia'],
    counts: { train: [1214, 3494], val: [135, 389], test: [234, 390] },
  },
  retinamnist: { modality: 'ophthalmology', splits: [1080, 120, 400], classes: ['0', '1', '2', '3', '4'] },
  breastmnist: {
    modality: 'ultrasound',
    splits: [546, 78, 156],
    classes: ['malignant', 'normal or benign'],
    counts: { train: [147, 399], val: [21, 57], test: [42, 114] },
  },
  bloodmnist: { modality: 'histopathology', splits: [11959, 1712, 3421], classes: 8 },
  tissuemnist: { modality: 'histopathology', splits: [165466, 23640, 47280], classes: 8 },
  organamnist: { modality: 'radiology', splits: [34561, 6491, 17778], classes: 11 },
  organcmnist: { modality: 'radiology', splits: [12975, 2392, 8216], classes: 11 },
  organsmnist: { modality: 'radiology', splits: [13932, 2452, 8827], classes: 11 },
};

/** The other six of the 25, by kind, modality and published sizes of the splits. */
const OTHERS: Readonly<Record<string, readonly [kind: string, modality: string, splits: readonly number[]]>> = {
  'deepeyenet-retrieval': ['retrieval', 'ophthalmology', [9428, 3142, 3140]],
  'roco-retrieval': ['retrieval', 'radiology', [65_448, 8180, 8179]],
  'mimic-cxr-retrieval': ['retrieval', 'radiology', [368_960, 2991, 5159]],
  'quilt-retrieval': ['retrieval', 'histopathology', [1_017_708 - 13_559, 0, 13_559]],
  'path-vqa': ['vqa', 'histopathology', [19_654, 6259, 6719]],
  'vqa-rad': ['vqa', 'radiology', [3064, 0, 451]],
};

const tasks = new Map<string, { readonly info: TaskInfo; readonly make: () => Task }>();
for (const { name, dir } of workspacePackages()) {
  if (!name.startsWith('tasks-')) continue;
  const module = (await import(`${dir}/src/plugin.ts`)) as Record<string, new () => Task>;
  for (const Class of Object.values(module)) {
    const metadata = pluginMetadata(Class);
    if (metadata?.kind === 'task')
      tasks.set(metadata.info.id, { info: metadata.info as TaskInfo, make: () => new Class() });
  }
}
const infos = [...tasks.values()].map(({ info }) => info);
// The 25 of the preset, and VinDr-Mammo, which the study's scripts measure too.
const studied = infos.filter(({ id, presets }) => presets?.includes('paper') || id === 'vindr-mammo');

describe('the tasks of the study', () => {
  it('cover five modalities, each under one id', () => {
    expect(new Set(studied.map(({ modality }) => modality))).toEqual(
      new Set(['radiology', 'histopathology', 'dermatology', 'ophthalmology', 'ultrasound']),
    );
    expect(tasks.size).toBe(infos.length);
    const classification = studied.filter(({ kind }) => kind === 'classification').map(({ id }) => id);
    expect(classification.sort()).toEqual(Object.keys(PUBLISHED).sort());
    const others = studied.filter(({ kind }) => kind !== 'classification');
    const info = others.map(({ id, kind, modality, splits }) => [id, [kind, modality, Object.values(splits)]]);
    expect(Object.fromEntries(info)).toEqual(OTHERS);
    expect(studied).toHaveLength(25 + 1);
  });

  it.each(studied.map((info) => [info.id, info] as const))(
    '%s declares licence, access, citation and source',
    (_, info) => {
      for (const field of ['title', 'licence', 'access', 'citation', 'source'] as const) {
        expect(info[field]?.length, field).toBeGreaterThan(2);
      }
      expect(info.version).toBeGreaterThan(0);
      expect(info.files?.length).toBeGreaterThan(0);
      for (const file of info.files ?? []) {
        expect(file.what).not.toBe('');
        for (const md5 of Object.values(file.md5 ?? {})) expect(md5).toMatch(/^[0-9a-f]{32}$/);
      }
      for (const protocol of info.protocols) expect(info.metric[protocol]).toBeTruthy();
      if (info.kind !== 'classification') return;
      expect(info.protocols).toEqual(['zero-shot', 'linear-probe']);
      expect(info.templates!.length).toBeGreaterThanOrEqual(4);
      for (const template of info.templates!) expect(template.split('{}')).toHaveLength(2);
      const phrases = info.phrases ?? info.classes;
      expect(phrases).toHaveLength(info.classes.length);
      expect(new Set(phrases).size).toBe(phrases.length);
      expect(info.settings).toHaveProperty('prompts');
    },
  );

  it('show images in reports only where the licence allows copies', () => {
    const shown = studied.filter(({ images }) => images === 'shown');
    for (const { id, access, licence } of shown) {
      expect(access, id).toBe('open');
      expect(licence, id).toMatch(/^(CC0|CC BY(-NC)?) \d\.0$/);
    }
    const withheld = studied.filter(({ images }) => images !== 'shown').map(({ id }) => id);
    expect(withheld.sort()).toEqual([
      'bach',
      'deepeyenet-retrieval',
      'lc25000-colon',
      'lc25000-lung',
      'mimic-cxr-retrieval',
      'path-vqa',
      'quilt-retrieval',
      'roco-retrieval',
      'vindr-mammo',
    ]);
  });

  it.each(Object.entries(PUBLISHED))(
    '%s agrees with what is published',
    (id, { modality, splits, classes, counts }) => {
      const info = tasks.get(id)!.info;
      expect(info.modality).toBe(modality);
      expect(Object.values(info.splits)).toEqual(splits);
      if (typeof classes === 'number') expect(info.classes).toHaveLength(classes);
      else expect(info.classes).toEqual(classes);
      expect(info.classCounts).toEqual(counts);
      const sizes: Record<string, number> = { ...info.splits, all: splits[0] + splits[1] + splits[2] };
      for (const [split, byClass] of Object.entries(counts ?? {})) {
        expect(byClass.reduce((sum, count) => sum + count)).toBe(sizes[split]);
      }
    },
  );
});

/** One task of each reader; those that are left out differ in classes and sizes alone, which are compared above. */
const LAYOUTS = [
  ...['bach', 'ham10000', 'lc25000-lung', 'nct-crc', 'pad-ufes-20', 'pcam', 'sicap-v2', 'vindr-mammo'],
  ...['pneumoniamnist', 'retinamnist'],
];
const layouts = Object.keys(PUBLISHED).map((id) => [id] as const);

describe.each(selected('on phantoms in its real layout', layouts, LAYOUTS))(
  '%s on phantoms in its real layout',
  (id) => {
    const { info, make } = tasks.get(id)!;
    const chance = 1 / info.classes.length;
    const context = () => testContext({ dataRoot, protocols: testProtocols(info.protocols, { metric: info.metric }) });

    it('counts the examples of its splits', async () => {
      const { synthetic, splits } = await make().inspect!(context());
      expect(synthetic).toBe(true);
      expect(Object.keys(splits)).toEqual(expect.arrayContaining(['train', 'test']));
      for (const { examples, classes } of Object.values(splits)) {
        expect(classes!.reduce((sum, count) => sum + count)).toBe(examples);
        expect(classes).toHaveLength(info.classes.length);
      }
      expect(Math.min(...splits.test!.classes!)).toBeGreaterThanOrEqual(6);
    });

    it('gives chance-level accuracy to a constant model and to a random one', async () => {
      const { results } = await make().evaluate(constantModel(), context());
      expect(results.map(({ protocol }) => protocol)).toEqual(['zero-shot', 'linear-probe']);
      for (const { metrics } of results) {
        expect(metrics.balanced_accuracy!.value).toBeCloseTo(chance, 10);
        expect(metrics.auc!.value).toBeCloseTo(0.5, 10);
      }
      const guessed = await make().evaluate(randomModel(1), context());
      expect(guessed.synthetic).toBe(true);
      for (const { n, metrics } of guessed.results) {
        // Within four standard errors of the mean of n draws with this probability.
        expect(Math.abs(metrics.balanced_accuracy!.value - chance)).toBeLessThan(
          4 * Math.sqrt((chance * (1 - chance)) / n),
        );
      }
    });

    it('can be learnt from the training images by a probe on their pixels', async () => {
      const { results } = await make().evaluate(pixelModel(), context());
      expect(results.map(({ protocol }) => protocol)).toEqual(['linear-probe']);
      const { n, metrics } = results[0]!;
      expect(metrics.balanced_accuracy!.ci95[0]).toBeGreaterThan(chance);
      expect(metrics.balanced_accuracy!.value).toBeGreaterThan(chance + 4 * Math.sqrt((chance * (1 - chance)) / n));
    });

    it('makes captions that name the label', async () => {
      const { pairs, synthetic } = await make().pairs!(context());
      expect(synthetic).toBe(true);
      const { caption } = await pairs.get(0);
      expect((info.phrases ?? info.classes).some((phrase) => caption.includes(phrase))).toBe(true);
    });
  },
);

let dataRoot: string;
beforeAll(async () => {
  dataRoot = await sharedPhantoms('classes');
});
