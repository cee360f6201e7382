import { type DataContext, Task } from '@medbench/core';
import { MIMIC_CXR, mimicPairs } from '@medbench/corpora-mimic-cxr';
import { buildGallery, duplicatesNote, type RetrievalSplits, RetrievalTask } from '@medbench/task-kit';

/** Retrieval between the chest radiographs of MIMIC-CXR's test split and the texts of their reports. */
@Task({
  ...MIMIC_CXR,
  id: 'mimic-cxr-retrieval',
  title: 'MIMIC-CXR: retrieval',
  // 2: sections as the data set's authors find them.
  version: 2,
  modality: 'radiology',
  kind: 'retrieval',
  protocols: ['retrieval'],
  classes: [],
  splits: { train: 368_960, val: 2_991, test: 5_159 },
  caveats: [
    'its training split is part of the pre-training data',
    'views of a study share their report, and normal reports are alike, but only an image’s own text counts as right',
  ],
  metric: { retrieval: 'mean_recall@200' },
  presets: ['paper', 'demo'],
})
export class MimicCxrRetrieval extends RetrievalTask {
  /** Hash of the images and texts of all pairs, which stand for the files. */
  override async fingerprint(context: DataContext): Promise<string> {
    return (await mimicPairs(context, 'test')).fingerprint();
  }

  protected override async files(): Promise<readonly string[]> {
    return [];
  }

  protected override async open(context: DataContext): Promise<RetrievalSplits> {
    const pairs = await mimicPairs(context, 'test');
    const withoutText =
      pairs.imagesWithoutText > 0
        ? [`${pairs.imagesWithoutText} images left out because their reports have no usable text`]
        : [];
    return { test: await buildGallery(pairs), notes: [...duplicatesNote(pairs.duplicates), ...withoutText] };
  }
}
