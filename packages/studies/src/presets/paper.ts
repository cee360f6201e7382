import type { Study } from '../study.js';

/** The 25 tasks of the paper. */
export const PAPER_TASKS = [
  'bach',
  'bloodmnist',
  'breastmnist',
  'dermamnist',
  'ham10000',
  'lc25000-colon',
  'lc25000-lung',
  'mimic-cxr-retrieval',
  'nct-crc',
  'octmnist',
  'organamnist',
  'organcmnist',
  'organsmnist',
  'pad-ufes-20',
  'path-vqa',
  'pathmnist',
  'pcam',
  'pneumoniamnist',
  'quilt-retrieval',
  'retinamnist',
  'roco-retrieval',
  'sicap-v2',
  'tissuemnist',
  'vindr-mammo',
  'vqa-rad',
] as const;

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
  config: { preset: 'paper', methods: ['paper'], tasks: [...PAPER_TASKS] },
  presets: { demo: { tasks: [...DEMO_TASKS] } },
};
