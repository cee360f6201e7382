import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { metricInfo, type TaskInfo } from '@medbench/core';
import { entriesOfKind } from '@medbench/core/catalogue';
import { selectRows } from '@medbench/runner';
import { discover } from '@medbench/runner/workspace';
import { medbenchMetric, readStudyResults } from '@medbench/studies/study-results';
import { describe, expect, it } from 'vitest';

const study = readStudyResults();
const preset = createRequire(import.meta.url).resolve('@medbench/preset-paper/package.json');
const catalogue = await discover({ cwd: dirname(preset), host: preset, plugins: [] });
const tasks = new Map(entriesOfKind(catalogue, 'task').map(({ id, info }): [string, TaskInfo] => [id, info]));
const protocols = new Map(entriesOfKind(catalogue, 'protocol').map(({ id, info }) => [id, info]));

describe('the result files of the study', () => {
  it('are of tasks, protocols and metrics that medbench has', () => {
    const unknown = study.results.flatMap(({ task, protocol, metrics }) => {
      const info = tasks.get(task);
      if (!info?.protocols.includes(protocol)) return [task];
      const known = protocols.get(protocol)!.metrics;
      return Object.keys(metrics)
        .filter((name) => !metricInfo(known, medbenchMetric(name)))
        .map((name) => `${task} ${protocol} ${name}`);
    });
    expect(unknown).toEqual([]);
  });

  it('are of data sets with as many classes', () => {
    for (const [id, { classes }] of Object.entries(study.tasks)) {
      expect([id, tasks.get(id)!.classes.length]).toEqual([id, classes ?? 0]);
    }
  });

  it('are of rows that a method of medbench trains', () => {
    for (const { selector, settings } of study.rows) {
      const [row] = selectRows(catalogue, [selector], {});
      expect(settings.some((one) => Object.entries(one).every(([name, value]) => row!.settings[name] === value))).toBe(
        true,
      );
    }
  });
});
