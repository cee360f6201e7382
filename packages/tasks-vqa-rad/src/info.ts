import type { TaskInfo } from '@medbench/core';

/** The info that the tasks on VQA-RAD share. */
export const INFO = {
  modality: 'radiology',
  licence: 'CC0 1.0',
  access: 'open',
  images: 'shown',
  citation: 'Lau et al. 2018, doi:10.1038/sdata.2018.251',
  source:
    'the form that MEVF uses: trainset.json, testset.json and images/ (data_RAD of https://github.com/aioz-ai/MICCAI19-MedVQA); https://osf.io/89kps has the images, and the questions without this split',
  files: [
    { path: 'vqa-rad/trainset.json', what: 'training questions' },
    { path: 'vqa-rad/testset.json', what: 'test questions' },
    { path: ['vqa-rad/images/', 'vqa-rad/VQA_RAD Image Folder/'], what: '315 radiology images' },
  ],
} as const satisfies Partial<TaskInfo>;
