import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles, TEMPLATES } from '@medbench/task-kit';

/** Nine kinds of tissue in colorectal cancer slides (MedMNIST v2, from NCT-CRC-HE-100K and CRC-VAL-HE-7K). */
@Task({
  id: 'pathmnist',
  title: 'PathMNIST',
  ...MEDMNIST,
  modality: 'histopathology',
  classes: [
    'adipose',
    'background',
    'debris',
    'lymphocytes',
    'mucus',
    'smooth muscle',
    'normal colon mucosa',
    'cancer-associated stroma',
    'colorectal adenocarcinoma epithelium',
  ],
  phrases: [
    'adipose tissue',
    'empty background',
    'cellular debris',
    'lymphocytes',
    'mucus',
    'smooth muscle',
    'normal colon mucosa',
    'cancer-associated stroma',
    'colorectal adenocarcinoma epithelium',
  ],
  templates: TEMPLATES.histology,
  splits: { train: 89996, val: 10004, test: 7180 },
  classCounts: { test: [1338, 847, 339, 634, 1035, 592, 741, 421, 1233] },
  citation: `${MEDMNIST_CITATION}; Kather et al. 2019, doi:10.1371/journal.pmed.1002730`,
  files: medMnistFiles('pathmnist', {
    28: 'a8b06965200029087d5bd730944a56c1',
    64: '55aa9c1e0525abe5a6b9d8343a507616',
    128: 'ac42d08fb904d92c244187169d1fd1d9',
    224: '2c51a510bcdc9cf8ddb2af93af1eadec',
  }),
  caveats: ['the images are those of the task nct-crc: an average over both counts them twice'],
})
export class PathMnist extends MedMnistTask {}
