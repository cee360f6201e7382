import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  isRestricted,
  MedbenchError,
  type RunResults,
  seal,
  type TrainingRecord,
  writeFileAtomic,
} from '@medbench/core';
import { hubModelCard, leftOut, outgoingResults } from '@medbench/hub';
import { findTrainingRecord, licenceDemand, readResults, trainingData } from '@medbench/report';
import { exportRow } from '../export/row.js';
import { openRun } from '../open-run.js';
import { checkTarget, type Pushed, type PushOptions, sendOutgoing } from './outgoing.js';
import { localPaths } from './paths.js';

/** Which weights of a run to push, and where to. */
export interface PushModelOptions extends PushOptions {
  readonly method: string;
  readonly seed?: number | undefined;
  /** Ids of data sets under an agreement whose terms allow to pass weights on that were trained on them. */
  readonly permitted?: readonly string[] | undefined;
}

/**
 * @throws MedbenchError('usage') naming the data sets whose agreements weights may fall under, unless whoever pushes says
 *   that these allow it.
 */
function checkLicences(results: RunResults, record: TrainingRecord, permitted: readonly string[]): void {
  const data = trainingData(results, record);
  const unknown = permitted.find((id) => !data.some((one) => one.id === id));
  if (unknown !== undefined) {
    throw new MedbenchError('usage', `--permitted ${unknown}: the weights were not trained on it`, {
      hint: `They were trained on ${data.map(({ id }) => id).join(', ') || 'nothing that is recorded'}.`,
    });
  }
  // Then all data of the run is phantoms, whatever data sets they stand for.
  if (results.run.settings.synthetic === true) return;
  const closed = data.filter(({ access }) => access === undefined || isRestricted(access));
  const [first] = closed.filter(({ id }) => !permitted.includes(id));
  if (!first) return;
  throw new MedbenchError('usage', `The weights were trained on ${first.id}, whose terms may forbid to pass them on`, {
    hint: `${first.licence}: ${licenceDemand(first.licence, first.access)}. If its providers allow it, add --permitted ${closed.map(({ id }) => id).join(',')}.`,
  });
}

export async function pushModel(dir: string, options: PushModelOptions): Promise<Pushed> {
  const { method, seed = 0, permitted = [], repository, licence, cwd = process.cwd() } = options;
  checkTarget(options);
  const opened = openRun(cwd, dir);
  const results = await readResults(opened.folder);
  const record = await findTrainingRecord(opened.folder, results, method, seed);
  if (!record) {
    const rows = [...new Set(results.training.map(({ method: row }) => row))];
    throw new MedbenchError('usage', `${dir} has no trained weights of ${method} with seed ${seed}`, {
      hint: rows.length > 0 ? `Its trained rows: ${rows.join(', ')}.` : 'It trained nothing.',
    });
  }
  checkLicences(results, record, permitted);
  const paths = localPaths(opened);
  const clean = outgoingResults(results, paths);
  return sendOutgoing(
    {
      kind: 'model',
      title: `Weights of ${method}, seed ${seed}`,
      paths,
      leftOut: leftOut(results, 'model'),
      async write(folder) {
        await exportRow(opened.folder, { method, seed, out: folder, layout: 'open_clip' });
        const textBeside = existsSync(join(folder, 'bert'));
        const card = { record: paths.redactAll(record), repository, licence, textBeside };
        // In the place of the card that lies beside the weights.
        await writeFileAtomic(join(folder, 'README.md'), hubModelCard(clean, card));
        await writeFileAtomic(join(folder, 'results.json'), `${JSON.stringify(seal(clean), null, 1)}\n`);
      },
    },
    options,
  );
}
