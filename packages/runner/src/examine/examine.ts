import type { DataContext, DataInspection } from '@medbench/core';
import { isMedbenchError } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { Folders } from '@medbench/data/files';
import { type DataVerification, type VerifyOptions, verifyData } from '../verify/index.js';
import { findImages, hasFiles, SIZES_READ } from './files.js';
import type { DataProblem } from './problem.js';
import { type ComparedSplit, findRepeats } from './repeats.js';
import { openSample } from './sample.js';
import { checkTexts } from './texts.js';

/** Images of each split that are opened unless an option says otherwise. */
export const SAMPLED = 32;

export interface ExamineOptions extends VerifyOptions {
  /** Images of each split to open. 0 opens none. Default 32. */
  readonly sample?: number;
}

/** The report of `medbench data verify` on a data set: its counts, and the problems of its images and texts. */
export interface DataExamination extends DataVerification {
  readonly problems: readonly DataProblem[];
  readonly seconds: number;
}

type Entry = CatalogueEntry<'task'> | CatalogueEntry<'corpus'>;

/**
 * Verifies a data set (`verifyData`) and looks at its examples: every image is looked for, a sample is opened, grey
 * levels, repeated images of different splits and texts are checked. A problem that is an error makes the verdict
 * `differs`. Rows that cannot be used are all counted, although the data set is `broken` for a run without `--skip-bad`.
 */
export async function examineData(
  registry: Registry,
  entry: Entry,
  { sample = SAMPLED, ...options }: ExamineOptions,
): Promise<DataExamination> {
  const began = performance.now();
  const witness = inspectionWitness(registry);
  const verification = await verifyData(witness.registry, entry, options);
  const problems: DataProblem[] = [...witness.problems()];
  const notes = [...verification.notes];
  const inspection = witness.inspection();
  const windowSetting = entry.info.settings?.window ? `${entry.kind}Settings.${entry.info.id}.window` : undefined;
  if (inspection?.examples) {
    const { found, said } = await examineSplits(inspection.examples, sample, windowSetting);
    problems.push(...found);
    notes.push(...said);
  }
  const differences = [
    ...verification.differences,
    ...(inspection && !inspection.synthetic ? (inspection.differences ?? []) : []),
  ];
  const wrong = differences.length > 0 || problems.some(({ severity }) => severity === 'error');
  const verdict = verification.verdict === 'ok' && wrong ? 'differs' : verification.verdict;
  const seconds = Math.round(performance.now() - began) / 1000;
  return { ...verification, verdict, differences, notes, problems, seconds };
}

async function examineSplits(
  examples: NonNullable<DataInspection['examples']>,
  sample: number,
  windowSetting: string | undefined,
): Promise<{ found: DataProblem[]; said: string[] }> {
  const folders = new Folders();
  const found: DataProblem[] = [];
  const compared: ComparedSplit[] = [];
  let files = 0;
  let missing = 0;
  let opened = 0;
  for (const [name, { images, texts }] of Object.entries(examples)) {
    const foundImages = hasFiles(images) ? await findImages(name, images, folders) : undefined;
    if (foundImages) {
      found.push(...foundImages.problems);
      files += images.length;
      missing += foundImages.missing;
    }
    if (sample > 0) {
      const looked = await openSample(name, images, sample, windowSetting);
      found.push(...looked.problems);
      opened += looked.opened;
    }
    if (texts) found.push(...checkTexts(name, texts));
    compared.push({ name, images, sizes: foundImages?.sizes ?? new Map() });
  }
  const repeats = await findRepeats(compared);
  const there =
    files > 0 ? `${files - missing} of ${files} images are there` : 'the images are not in files of their own';
  const largest = Math.max(0, ...compared.map(({ images }) => (hasFiles(images) ? images.length : 0)));
  const partly = largest > SIZES_READ ? [`sizes were read of ${SIZES_READ} files of each split`] : [];
  const said = [`${there}; ${opened} were opened`, ...partly, ...repeats.notes];
  return { found: [...found, ...repeats.problems], said };
}

/** A registry whose task or corpus keeps what it found when it was inspected. */
interface InspectionWitness {
  readonly registry: Registry;
  inspection(): DataInspection | undefined;
  problems(): readonly DataProblem[];
}

function inspectionWitness(registry: Registry): InspectionWitness {
  let inspection: DataInspection | undefined;
  const problems: DataProblem[] = [];
  const inspect = async (plugin: { inspect?(context: never): Promise<DataInspection> }, context: DataContext) => {
    try {
      inspection = await plugin.inspect!(context as never);
      return inspection;
    } catch (error) {
      if (!isMedbenchError(error) || error.code !== 'data' || context.skipBad) throw error;
      // The first bad row ends a run. All are counted here, and the rest of the data set is looked at.
      const rows = new Set<string>();
      const skip = (message: string): void => void rows.add(message);
      inspection = await plugin.inspect!({ ...context, skipBad: true, skip } as never).catch(() => undefined);
      const [example] = rows;
      if (example !== undefined) {
        problems.push({
          ...{ severity: 'error', check: 'rows', count: rows.size, example },
          message: `${rows.size} rows or images cannot be used`,
          remedy: 'Correct them, or leave them out with --skip-bad, which counts them beside every figure.',
        });
      }
      throw error;
    }
  };
  // `get` alone is replaced: whatever else a registry does, the original does.
  const witness = Object.create(registry, {
    get: {
      value: async (kind: 'task' | 'corpus', id: string) => {
        const plugin = await registry.get(kind, id);
        if (!plugin.inspect) return plugin;
        return { inspect: (context: DataContext) => inspect(plugin, context) };
      },
    },
  }) as Registry;
  return { registry: witness, inspection: () => inspection, problems: () => problems };
}
