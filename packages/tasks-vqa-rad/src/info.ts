import type { TaskInfo } from '@medbench/core';

/** The info that the tasks on VQA-RAD share. */
export const INFO = {
  modality: 'radiology',
  licence: 'CC0 1.0',
  access: 'open',
  images: 'shown',
  citation: 'Lau et al. 2018, doi:10.1038/sdata.2018.251',
  source: 'https://osf.io/89kps (in the form that MEVF uses: trainset.json, testset.json, images/)',
  files: [
    { path: 'vqa-rad/trainset.json', what: 'training questions' },
    { path: 'vqa-rad/testset.json', what: 'test questions' },
    { path: 'vqa-rad/images/', what: '315 radiology images' },
  ],
} as const satisfies Partial<TaskInfo>;
