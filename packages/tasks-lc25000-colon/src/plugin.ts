import { Task } from '@medbench/core';
import { Lc25000Task, lc25000Info } from '@medbench/task-kit';

/** Benign colon tissue and adenocarcinoma in histology tiles. */
@Task({
  id: 'lc25000-colon',
  title: 'LC25000 colon',
  ...lc25000Info('colon'),
  splits: { train: 8000, val: 0, test: 2000 },
})
export class Lc25000Colon extends Lc25000Task {}
