import { join } from 'node:path';
import { Corpus, type CorpusContext, type OpenedCorpus } from '@medbench/core';
import { captionTable, fingerprintFiles } from '@medbench/formats';
import { ensurePhantoms } from '@medbench/phantoms';

/** Opens `<folder>/train.jsonl` with its images. Writes the phantoms first if they do not exist. */
async function open({ cacheRoot, log }: CorpusContext, folder: string): Promise<OpenedCorpus> {
  const dir = join(await ensurePhantoms(cacheRoot, log, []), folder);
  const table = join(dir, 'train.jsonl');
  const pairs = await captionTable({
    table,
    imageColumn: 'image',
    captionColumn: 'caption',
    imageDir: join(dir, 'images'),
  });
  const optional = await pairs.imageFiles();
  return { fingerprint: await fingerprintFiles([table], { cacheRoot, optional }), synthetic: true, pairs };
}

/** Synthetic images of five imaging modalities with reports. */
@Corpus({
  id: 'phantoms',
  title: 'Generated medical phantoms',
  domain: 'medical',
  licence: 'MIT',
  access: 'generated',
  source: '@medbench/phantoms',
})
export class Phantoms implements Corpus {
  open(context: CorpusContext): Promise<OpenedCorpus> {
    return open(context, 'phantoms');
  }
}

/** Coloured shapes on textured backgrounds with plain captions: the general domain, where no released weights exist. */
@Corpus({
  id: 'shapes',
  title: 'Generated shapes (general domain)',
  domain: 'general',
  licence: 'MIT',
  access: 'generated',
  source: '@medbench/phantoms',
})
export class Shapes implements Corpus {
  open(context: CorpusContext): Promise<OpenedCorpus> {
    return open(context, 'shapes');
  }
}
