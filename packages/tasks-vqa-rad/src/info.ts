import type { TaskInfo } from '@medbench/core';

/** What the tasks on VQA-RAD have in common. */
export const INFO = {
  modality: 'radiology',
  licence: 'CC0 1.0',
  access: 'open',
  images: 'shown',
  citation: 'Lau et al. 2018, doi:10.1038/sdata.2018.251',
  source: 'https://osf.io/89kps (the form of the MEVF line of work: trainset.json, testset.json, images/)',
  files: [
    { path: 'vqa-rad/trainset.json', what: 'training questions' },
    { path: 'vqa-rad/testset.json', what: 'test questions' },
    { path: 'vqa-rad/images/', what: '315 radiology images' },
  ],
} as const satisfies Partial<TaskInfo>;
