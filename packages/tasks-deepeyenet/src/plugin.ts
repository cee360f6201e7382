import { join } from 'node:path';
import { type DataContext, MedbenchError, Task, type TaskInfo } from '@medbench/core';
import { locate, pathInside, readJson, requireFolder } from '@medbench/formats';
import { galleryOf, type RetrievalSplits, RetrievalTask } from '@medbench/task-kit';

const FACTS = {
  id: 'deepeyenet-retrieval',
  title: 'DeepEyeNet: retrieval',
  version: 1,
  modality: 'ophthalmology',
  kind: 'retrieval',
  protocols: ['retrieval'],
  classes: [],
  splits: { train: 9_428, val: 3_142, test: 3_140 },
  licence: 'research, on request',
  access: 'agreement',
  citation: 'Huang et al. 2021 (DeepOpht), arXiv:2011.00569',
  source: 'the authors of DeepOpht (github.com/Jhhuangkay/DeepOpht-Medical-Report-Generation-for-Retinal-Images)',
  files: [
    { path: 'deepeyenet/DeepEyeNet_test.json', what: 'a list of {"<picture>": {"keywords", "clinical-description"}}' },
    { path: 'deepeyenet/', what: 'the pictures, under the paths that the list names' },
  ],
  metric: { retrieval: 'mean_recall@200' },
  presets: [],
} as const satisfies TaskInfo;

/** Pictures of the retina and their keywords with a description, each to be found by the other; beyond the study's 25. */
@Task(FACTS)
export class DeepEyeNetRetrieval extends RetrievalTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    return [tableOf(context)];
  }

  protected override async open(context: DataContext): Promise<RetrievalSplits> {
    const table = tableOf(context);
    const folder = join(context.dataRoot, 'deepeyenet');
    await requireFolder(folder, FACTS.source);
    const rows = await readJson(table);
    if (!Array.isArray(rows)) throw new MedbenchError('data', `${table} must hold a list`, { hint: FACTS.source });
    const pairs = rows.map((row: unknown, i) => pairOf(row, folder, `${table}: row ${i + 1}`));
    return { test: await galleryOf({ length: pairs.length, describe: async (i) => pairs[i]! }) };
  }
}

const tableOf = ({ dataRoot }: DataContext): string => locate(dataRoot, FACTS.files[0], FACTS.source);

function pairOf(row: unknown, folder: string, place: string): { readonly file: string; readonly caption: string } {
  const entries = typeof row === 'object' && row !== null ? Object.entries(row as Record<string, unknown>) : [];
  const [name, facts] = entries[0] ?? [];
  const { keywords, 'clinical-description': description } = Object(facts) as Record<string, unknown>;
  if (entries.length !== 1 || typeof keywords !== 'string' || typeof description !== 'string') {
    throw new MedbenchError('data', `${place} is not {"<picture>": {"keywords": …, "clinical-description": …}}`, {
      hint: FACTS.source,
    });
  }
  return { file: pathInside(folder, name!, place), caption: `${keywords}\n${description}`.trim() };
}
