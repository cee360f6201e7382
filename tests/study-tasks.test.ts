// The study's own prompts and splits, as settings of medbench's tasks.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type EvaluationModel, pluginMetadata, type Task, type TaskInfo } from '@medbench/core';
import { constantModel, randomModel, testContext } from '@medbench/core/testing';
import { testProtocols } from '@medbench/evaluation/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { workspacePackages } from '../scripts/workspace.mjs';
import { sharedPhantoms } from './support/phantoms.js';
import { pixelModel } from './support/pixels.js';

/** What the study's evaluation embeds (scripts/oracles/study_prompts.py). */
const PROMPTS = JSON.parse(
  readFileSync(new URL('../packages/task-kit/fixtures/study-prompts.json', import.meta.url), 'utf8'),
) as Record<string, { classes: number; texts: number; first: string; last: string; sha256: string }>;

const tasks = new Map<string, { readonly info: TaskInfo; readonly make: () => Task }>();
for (const { name, dir } of workspacePackages()) {
  if (!name.startsWith('tasks-')) continue;
  const module = (await import(`${dir}/src/plugin.ts`)) as Record<string, new () => Task>;
  for (const Class of Object.values(module)) {
    const metadata = pluginMetadata(Class);
    if (metadata?.kind === 'task')
      tasks.set(metadata.info.id, { info: metadata.info as TaskInfo, make: () => new Class() });
  }
}

let dataRoot: string;
beforeAll(async () => {
  dataRoot = await sharedPhantoms('classes');
});

const context = (settings: Readonly<Record<string, string>>) =>
  testContext({ dataRoot, settings, protocols: testProtocols(['zero-shot']) });

/** A constant model that keeps the texts that it embeds. */
function listener(): { readonly model: EvaluationModel; readonly texts: string[] } {
  const texts: string[] = [];
  const model = {
    ...constantModel(),
    embedTexts: async (embedded: readonly string[]) => {
      texts.push(...embedded);
      return constantModel().embedTexts(embedded);
    },
  };
  return { model, texts };
}

describe('prompts: study', () => {
  it('is there for every classification task of the study, in the order of its classes', () => {
    const studied = [...tasks.values()].map(({ info }) => info).filter(({ settings }) => settings?.prompts);
    expect(studied.map(({ id }) => id).sort()).toEqual(Object.keys(PROMPTS).sort());
    for (const { id, classes } of studied) expect(classes, id).toHaveLength(PROMPTS[id]!.classes);
  });

  it.each(Object.keys(PROMPTS))('%s embeds what the study embedded', async (id) => {
    const { model, texts } = listener();
    await tasks
      .get(id)!
      .make()
      .evaluate(model, context({ prompts: 'study' }));
    expect([texts[0], texts.at(-1), texts.length]).toEqual([PROMPTS[id]!.first, PROMPTS[id]!.last, PROMPTS[id]!.texts]);
    expect(createHash('sha256').update(texts.join('\n')).digest('hex')).toBe(PROMPTS[id]!.sha256);
  });

  it('refuses classes that the study did not have', async () => {
    const settings = { prompts: 'study', background: 'keep' };
    await expect(tasks.get('nct-crc')!.make().evaluate(constantModel(), context(settings))).rejects.toThrow(
      'taskSettings.nct-crc.prompts=study names 8 classes, but the task has 9 under its other settings',
    );
  });
});

describe('chestmnist on phantoms in its real layout', () => {
  const { info, make } = tasks.get('chestmnist')!;
  const measured = () => testContext({ dataRoot, protocols: testProtocols(info.protocols, { metric: info.metric }) });

  it('has images with every label in every split', async () => {
    const { splits } = await make().inspect!(measured());
    for (const { examples, classes } of Object.values(splits)) {
      expect(classes).toHaveLength(14);
      expect(Math.min(...classes!)).toBeGreaterThan(0);
      expect(Math.max(...classes!)).toBeLessThan(examples);
    }
  });

  it('gives chance to a random model, and can be learnt by a probe on pixels', async () => {
    const { results, synthetic } = await make().evaluate(randomModel(1), measured());
    expect(synthetic).toBe(true);
    expect(results.map(({ protocol, metric }) => [protocol, metric])).toEqual([
      ['zero-shot', 'auc'],
      ['linear-probe', 'auc'],
    ]);
    for (const { metrics } of results) expect(Math.abs(metrics.auc!.value - 0.5)).toBeLessThan(0.1);
    const [probe] = (await make().evaluate(pixelModel(), measured())).results;
    expect(probe!.metrics.auc!.ci95[0]).toBeGreaterThan(0.6);
    expect(probe!.metrics.auc_cardiomegaly!.ci95[0]).toBeGreaterThan(0.6);
  });
});
