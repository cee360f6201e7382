import { type DataContext, Task } from '@medbench/core';
import { ROCO, rocoFiles, rocoTable } from '@medbench/corpora-roco';
import { captionTable } from '@medbench/formats';
import { buildGallery, duplicatesNote, type RetrievalSplits, RetrievalTask } from '@medbench/task-kit';

/** Retrieval between the radiology figures of ROCO's test split and their captions. */
@Task({
  ...ROCO,
  id: 'roco-retrieval',
  title: 'ROCO: retrieval',
  version: 1,
  modality: 'radiology',
  kind: 'retrieval',
  protocols: ['retrieval'],
  classes: [],
  splits: { train: 65_448, val: 8_180, test: 8_179 },
  files: rocoFiles('test'),
  caveats: ['its training split is part of the pre-training data', 'PMC-OA may hold some of its figures'],
  metric: { retrieval: 'mean_recall@200' },
  presets: ['paper', 'demo'],
})
export class RocoRetrieval extends RetrievalTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    const { table } = rocoTable(context, 'test');
    return [table];
  }

  protected override async open(context: DataContext): Promise<RetrievalSplits> {
    const pairs = await captionTable({ ...rocoTable(context, 'test'), skipBad: context.skipBad, skip: context.skip });
    return { test: await buildGallery(pairs), notes: duplicatesNote(pairs.duplicates) };
  }
}
