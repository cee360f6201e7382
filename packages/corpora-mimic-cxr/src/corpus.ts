import { Corpus, type DataContext, type DataInspection, type OpenedCorpus } from '@medbench/core';
import { inspectSplits, openedFrom } from '@medbench/corpus-kit';
import { MIMIC_CXR } from './info.js';
import { mimicPairs } from './pairs.js';

/** Chest radiographs, each with what the report of its study found. */
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
    return openedFrom(context, pairs, pairs.fingerprint);
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    const pairs = await mimicPairs(context, 'train');
    const found = await inspectSplits(context, { train: pairs });
    const notes = pairs.silent > 0 ? [`${pairs.silent} images left out: their reports say nothing`] : [];
    return {
      ...found,
      splits: { train: { examples: pairs.length, groups: pairs.studies } },
      notes: [...found.notes, ...notes],
    };
  }
}
