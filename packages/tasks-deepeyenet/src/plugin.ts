import { join } from 'node:path';
import { type DataContext, MedbenchError, Task, type TaskInfo } from '@medbench/core';
import { locate, pathInside, readJson, requireFolder } from '@medbench/formats';
import { buildGallery, leftOutRowsNote, type RetrievalSplits, RetrievalTask, readRows } from '@medbench/task-kit';

const INFO = {
  id: 'deepeyenet-retrieval',
  title: 'DeepEyeNet: retrieval',
  version: 1,
  modality: 'ophthalmology',
  kind: 'retrieval',
  protocols: ['retrieval'],
  classes: [],
  splits: { train: 9_428, val: 3_142, test: 3_140 },
  licence: 'research, under a non-disclosure agreement',
  access: 'agreement',
  citation: 'Huang et al. 2021 (DeepOpht), arXiv:2011.00569',
  source: 'the authors of DeepOpht (github.com/Jhhuangkay/DeepOpht-Medical-Report-Generation-for-Retinal-Images)',
  files: [
    { path: 'deepeyenet/DeepEyeNet_test.json', what: 'a list of {"<image>": {"keywords", "clinical-description"}}' },
    { path: 'deepeyenet/', what: 'the images, under the paths that the list names' },
  ],
  metric: { retrieval: 'mean_recall@200' },
  presets: ['paper', 'demo'],
} as const satisfies TaskInfo;

/**
 * Retrieval between images of the retina and their keywords and descriptions. Every retrieval script of the study runs
 * it, and the preset `study` counts it among the 25 tasks; which 25 the paper counts is not known.
 */
@Task(INFO)
export class DeepEyeNetRetrieval extends RetrievalTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    return [tablePath(context)];
  }

  protected override async open(context: DataContext): Promise<RetrievalSplits> {
    const table = tablePath(context);
    const folder = join(context.dataRoot, 'deepeyenet');
    await requireFolder(folder, INFO.source);
    const rows = await readJson(table);
    if (!Array.isArray(rows)) throw new MedbenchError('data', `${table} must hold a list`, { hint: INFO.source });
    const pairs = readRows(rows as readonly unknown[], context, (row, i) =>
      readPair(row, folder, `${table}: row ${i + 1}`),
    );
    const test = await buildGallery({ length: pairs.length, describe: async (i) => pairs[i]! });
    return { test, notes: leftOutRowsNote('test pairs', pairs, rows) };
  }
}

const tablePath = ({ dataRoot }: DataContext): string => locate(dataRoot, INFO.files[0], INFO.source);

function readPair(row: unknown, folder: string, location: string): { readonly file: string; readonly caption: string } {
  const entries = typeof row === 'object' && row !== null ? Object.entries(row as Record<string, unknown>) : [];
  const [name, info] = entries[0] ?? [];
  const { keywords, 'clinical-description': description } = Object(info) as Record<string, unknown>;
  if (entries.length !== 1 || typeof keywords !== 'string' || typeof description !== 'string') {
    throw new MedbenchError('data', `${location} is not {"<image>": {"keywords": …, "clinical-description": …}}`, {
      hint: INFO.source,
    });
  }
  return { file: pathInside(folder, name!, location), caption: `${keywords}\n${description}`.trim() };
}
