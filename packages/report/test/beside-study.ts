import type { ResultCell, RunResults } from '@medbench/core';
import { compareWithStudy, readStudyResults } from '@medbench/studies/study-results';
import { assembleStudyComparison, type RunBesideStudy } from '../src/study/model.js';
import { sampleResults } from './sample.js';

/**
 * Results of two rows on every column of the study but those of PCam: figures near the study's FLIP, one in eight of another test set and
 * one in eight of generated data.
 */
function runLikeFlip(): RunResults {
  const sample = sampleResults([0]);
  const { results, tasks } = readStudyResults();
  const rows = ['flip', '<b>clip</b>'];
  const metrics = compareWithStudy(
    { ...sample, methods: [{ ...sample.methods[0]!, id: 'flip' }], training: [], cells: [] },
    readStudyResults(),
    { flip: 'flip-0.5' },
  ).cells;
  const columns = results.filter(({ row, task }) => row === 'flip-0.5' && task !== 'pcam');
  const cells = columns.flatMap(({ task, protocol, n }, i) =>
    rows.map((method, r): ResultCell => {
      const own = metrics.filter((cell) => cell.task === task && cell.protocol === protocol);
      const values = own.map(({ metric, study }, k) => {
        const value = Math.min(1, Math.max(0, study.value + ((i + k + r) % 5) * 0.01 - 0.02));
        return [metric, { value, ci95: [value, value] as const }] as const;
      });
      const [metric, first] = values[0]!;
      return {
        ...{ method, control: false, task, protocol, seed: 0, metric, ...first, n: i % 8 === 3 ? n - 1 : n },
        ...{ metrics: Object.fromEntries(values), seconds: 1, status: 'ok', synthetic: i % 8 === 5 },
      };
    }),
  );
  return {
    ...sample,
    methods: rows.map((id) => ({ ...sample.methods[0]!, id, title: id })),
    tasks: Object.keys(tasks).map((id) => ({ id, title: `Title of ${id}`, modality: 'mixed', protocols: [] })),
    training: [],
    cells,
  };
}

/** The sample beside the study, with figures of every verdict. */
export function sampleBesideStudy(): RunBesideStudy {
  const results = runLikeFlip();
  const pairs = { flip: 'flip-0.5', '<b>clip</b>': 'clip' };
  return assembleStudyComparison('sample', results, compareWithStudy(results, readStudyResults(), pairs));
}
