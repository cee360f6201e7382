import type { ConfigTree } from '@medbench/runner/workspace';
import type { Study } from '../study.js';
import { STUDY_TASKS } from './paper.js';

/** Rows as the study's code trains them, as committed. Whether the published runs had this code cannot be known. */
const TRAINED = {
  unimodal: 'unimodal-image:partners=as-trained',
  captioning: 'coca:variant=study:shift=0',
  tokens: 'filip:variant=study:pairs=own',
} as const;
/** The same rows as their names say. */
const MEANT = {
  unimodal: 'unimodal-image',
  masked: 'unimodal-image:ratio=0.5',
  captioning: 'coca:variant=study',
  tokens: 'filip:variant=study',
} as const;

/** Four tasks of known factors, and steps enough to tell rows apart. */
const DEMO: ConfigTree = {
  tasks: ['phantom-global', 'phantom-local', 'phantom-retrieval', 'phantom-vqa'],
  corpora: ['phantoms'],
  training: { steps: 120, warmup: 12 },
  general: { steps: 120 },
};

/**
 * Each row whose code does not do what its name says, beside its twin that does. The masked row as trained is the
 * unimodal one, because no share of patches was set.
 */
export const errors: Study = {
  id: 'errors',
  title: "What the errors of the study's code did",
  question: 'Do the findings of the study hold if its rows do what their names say?',
  config: {
    preset: 'study',
    methods: ['clip', 'clip-partial', ...Object.values(TRAINED), ...Object.values(MEANT)],
    controls: ['untrained', 'chance', 'majority'],
    tasks: [...STUDY_TASKS],
    seeds: [0, 1, 2],
  },
  presets: { demo: DEMO, 'demo-size': DEMO },
  questions: [
    {
      id: 'partners',
      question: 'Unimodal row: does it gain from the right partners?',
      against: TRAINED.unimodal,
      rows: [MEANT.unimodal],
    },
    {
      id: 'masking',
      question: 'Masked row: does it gain from right partners and masked patches?',
      against: TRAINED.unimodal,
      rows: [MEANT.masked],
    },
    {
      id: 'shift',
      question: 'Captioning row: does it gain from predicting the next token instead of the one that it reads?',
      against: TRAINED.captioning,
      rows: [MEANT.captioning],
    },
    {
      id: 'pairs',
      question: 'FILIP: does it gain from comparing an image with the texts of other pairs?',
      against: TRAINED.tokens,
      rows: [MEANT.tokens],
    },
    {
      id: 'freezing',
      question: 'Finding 1, freezing the first half of the image tower helps: does it?',
      against: 'clip',
      rows: ['clip-partial'],
    },
    {
      id: 'unimodal',
      question: 'Finding 2, unimodal training does not help: does it, as trained and as meant?',
      against: 'clip',
      rows: [TRAINED.unimodal, MEANT.unimodal, MEANT.masked],
    },
    {
      id: 'captioning',
      question: 'Finding 3, captioning helps: does it, as trained and as meant?',
      against: 'clip',
      rows: [TRAINED.captioning, MEANT.captioning],
    },
    {
      id: 'granularity',
      question: 'Finding 4, fine-grained features help: does FILIP, as trained and as meant?',
      against: 'clip',
      rows: [TRAINED.tokens, MEANT.tokens],
    },
  ],
};
