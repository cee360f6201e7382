import { Corpus, type DataContext, type DataInspection, type OpenedCorpus } from '@medbench/core';
import { inspectSplits, toOpenedCorpus } from '@medbench/corpus-kit';
import { MIMIC_CXR } from './info.js';
import { mimicPairs } from './pairs.js';

/** Chest radiographs, each with the findings and impression of its study's report. */
@Corpus({
  ...MIMIC_CXR,
  id: 'mimic-cxr',
  title: 'MIMIC-CXR',
  domain: 'medical',
  pairs: { train: 368_960 },
})
export class MimicCxr implements Corpus {
  /** @throws MedbenchError('data') naming the file that is missing, never any of its text. */
  async open(context: DataContext): Promise<OpenedCorpus> {
    const pairs = await mimicPairs(context, 'train');
    return toOpenedCorpus(context, pairs, await pairs.fingerprint());
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    const pairs = await mimicPairs(context, 'train');
    const inspection = await inspectSplits(context, { train: pairs });
    const notes =
      pairs.imagesWithoutText > 0
        ? [`${pairs.imagesWithoutText} images left out because their reports have no usable text`]
        : [];
    return {
      ...inspection,
      splits: { train: { examples: pairs.length, groups: pairs.studies } },
      notes: [...inspection.notes, ...notes],
    };
  }
}
