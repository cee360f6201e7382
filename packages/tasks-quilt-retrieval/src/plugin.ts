import { type DataContext, Task } from '@medbench/core';
import { QUILT, quiltTable } from '@medbench/corpora-quilt-1m';
import { captionTable } from '@medbench/formats';
import { buildGallery, duplicatesNote, type RetrievalSplits, RetrievalTask } from '@medbench/task-kit';

/** Retrieval between the histopathology images of Quilt-1M's validation split and their captions. */
@Task({
  ...QUILT,
  id: 'quilt-retrieval',
  title: 'Quilt-1M: retrieval',
  version: 1,
  modality: 'histopathology',
  kind: 'retrieval',
  protocols: ['retrieval'],
  classes: [],
  splits: { train: 1_004_149, val: 0, test: 13_559 },
  caveats: ['its training split is part of the pre-training data', 'an image may have several captions'],
  metric: { retrieval: 'mean_recall@200' },
  presets: ['paper', 'demo'],
})
export class QuiltRetrieval extends RetrievalTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    return [quiltTable(context, 'val').table];
  }

  protected override async open(context: DataContext): Promise<RetrievalSplits> {
    const pairs = await captionTable({ ...quiltTable(context, 'val'), skipBad: context.skipBad, skip: context.skip });
    return { test: await buildGallery(pairs), notes: duplicatesNote(pairs.duplicates) };
  }
}
