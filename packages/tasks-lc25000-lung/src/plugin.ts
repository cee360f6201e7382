import { Task } from '@medbench/core';
import { Lc25000Task, lc25000Info } from '@medbench/task-kit';

/** Benign lung tissue and two lung cancers in histology tiles. */
@Task({
  id: 'lc25000-lung',
  title: 'LC25000 lung',
  ...lc25000Info('lung'),
  splits: { train: 12000, val: 0, test: 3000 },
})
export class Lc25000Lung extends Lc25000Task {}
