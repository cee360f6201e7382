import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles } from '@medbench/task-kit';

/** Five grades of diabetic retinopathy (MedMNIST v2, from DeepDRiD). The metrics ignore the order of the grades. */
@Task({
  id: 'retinamnist',
  title: 'RetinaMNIST',
  ...MEDMNIST,
  modality: 'ophthalmology',
  classes: ['0', '1', '2', '3', '4'],
  phrases: [
    'no diabetic retinopathy',
    'mild non-proliferative diabetic retinopathy',
    'moderate non-proliferative diabetic retinopathy',
    'severe non-proliferative diabetic retinopathy',
    'proliferative diabetic retinopathy',
  ],
  templates: [
    'colour fundus photograph with {}.',
    'the retina of a diabetic patient, {}.',
    'ophthalmoscopy: {}.',
    'fundus graded as {}.',
  ],
  splits: { train: 1080, val: 120, test: 400 },
  citation: `${MEDMNIST_CITATION}; Liu et al. 2022, doi:10.1016/j.patter.2022.100512`,
  files: medMnistFiles('retinamnist', {
    28: 'bd4c0672f1bba3e3a89f0e4e876791e4',
    64: 'afda852cc34dcda56f86ad2b2457dbcc',
    128: 'e48e916a24454daf90583d4e6efb1a18',
    224: 'eae7e3b6f3fcbda4ae613ebdcbe35348',
  }),
  caveats: ['the grades are ordered, but the metrics count an error of one grade like an error of four'],
})
export class RetinaMnist extends MedMnistTask {}
