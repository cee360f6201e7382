import type { CorpusInfo } from '@medbench/core';
import { REPORT_PARTS } from './report.js';

/** The info that the corpus and the retrieval task share. */
export const MIMIC_CXR = {
  licence: 'PhysioNet Credentialed Health Data License 1.5.0',
  access: 'credentialed',
  source:
    'https://physionet.org/content/mimic-cxr-jpg (images, split table) and https://physionet.org/content/mimic-cxr (mimic-cxr-reports.zip, unpacked): a credentialed account, a course in research with human subjects and a signed agreement',
  citation: 'Johnson et al. 2019, doi:10.1038/s41597-019-0322-0; arXiv:1901.07042',
  files: [
    {
      path: ['mimic-cxr/mimic-cxr-2.0.0-split.csv.gz', 'mimic-cxr/mimic-cxr-2.0.0-split.csv'],
      what: 'the split of each image, in the columns dicom_id, study_id, subject_id and split',
    },
    { path: 'mimic-cxr/files/', what: 'the images, p10/p10000032/s50414267/<dicom_id>.jpg' },
    {
      path: ['mimic-cxr/mimic-cxr-reports/files/', 'mimic-cxr/reports/files/', 'mimic-cxr/files/'],
      what: 'the reports, p10/p10000032/s50414267.txt',
    },
  ],
  settings: {
    caption: {
      default: 'findings-and-impression',
      choices: REPORT_PARTS,
      description: 'part of a report that is used as the caption; the study has not published its choice',
    },
    views: {
      default: 'all',
      choices: ['all', 'first'],
      description:
        'images to take of each study, whose views share one caption; the results of arXiv 2406.07450 on retrieval have one (first)',
    },
  },
} as const satisfies Partial<CorpusInfo>;
