import type { Study } from '../study.js';

/**
 * The 25 tasks of the study, from its preset: 19 of classification, 4 of retrieval, 2 of questions. ChestMNIST and
 * VinDr-Mammo, which the study's scripts measure too, make 27.
 */
export const STUDY_TASKS = ['study'] as const;

/** Tasks for generated data: measuring all 25 takes too long for a first look. `--tasks all` selects them all. */
export const DEMO_TASKS = [
  'phantom-global',
  'phantom-local',
  'phantom-rare',
  'phantom-retrieval',
  'phantom-vqa',
  'pneumoniamnist',
  'vqa-rad',
] as const;

/** The complete study of arXiv:2406.07450. */
export const paper: Study = {
  id: 'paper',
  title: 'The study of arXiv:2406.07450',
  question:
    'Do general-domain weights transfer to medical images, does a unimodal loss help, do fine-grained features help?',
  config: { preset: 'study', methods: ['study'], tasks: [...STUDY_TASKS] },
  presets: {
    'study-as-meant': { methods: ['study-as-meant'] },
    demo: { tasks: [...DEMO_TASKS] },
    'demo-size': { tasks: [...DEMO_TASKS] },
  },
};
