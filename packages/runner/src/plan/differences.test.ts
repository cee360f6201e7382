import type { Catalogue } from '@medbench/core/catalogue';
import { describe, expect, it } from 'vitest';
import { DEFAULTS, mergeTrees, resolveConfig } from '../config/index.js';
import { planDifferences } from './differences.js';
import { makePlan } from './plan.js';

const entry = (kind: string, id: string, info: object = {}) => ({
  kind,
  id,
  info: { id, title: id, settings: {}, ...info },
  package: { name: `p-${id}`, version: '1.0.0' },
});
const task = (id: string) =>
  entry('task', id, {
    kind: 'classification',
    protocols: ['fit'],
    settings: { prompts: { default: 'own', choices: ['own', 'study'], description: 'x' } },
  });
const catalogue = {
  entries: [
    entry('method', 'clip'),
    entry('method', 'views', { settings: { ratio: { default: 0, min: 0, description: 'x' } } }),
    entry('method', 'other'),
    ...['one', 'two', 'three'].map(task),
    entry('protocol', 'fit', {
      kinds: ['classification'],
      settings: { shots: { default: 4, min: 1, description: 'x' } },
    }),
    entry('corpus', 'task-pairs'),
    entry('encoder', DEFAULTS.encoders.image),
    entry('encoder', DEFAULTS.encoders.text),
  ],
  presets: [],
  packages: [],
  broken: [],
} as unknown as Catalogue;

const BASE = { methods: ['clip', 'views', 'views:ratio=0.25'], tasks: ['one', 'two'], controls: [] };
const planned = (flags: object) => makePlan(resolveConfig({ flags: mergeTrees(BASE, { ...flags }) }), catalogue);
const differences = (flags: object) => planDifferences(planned({}), planned(flags));

describe('planDifferences', () => {
  it('finds none between equal plans, however the settings were given', () => {
    expect(differences({})).toEqual([]);
    expect(
      differences({ preset: 'x', taskSettings: { one: { prompts: 'own' } }, evaluation: { fit: { shots: 4 } } }),
    ).toEqual([]);
  });

  it('lists settings of the run, defaults included', () => {
    expect(differences({ training: { clipNorm: null }, evaluation: { fit: { shots: 2 } } })).toEqual([
      { setting: 'training.clipNorm', from: '1', to: 'null', where: [] },
      { setting: 'evaluation.fit.shots', from: '4', to: '2', where: [] },
    ]);
  });

  it('compares the rows of a method in their order, and joins tasks that change alike', () => {
    const taskSettings = { one: { prompts: 'study' }, two: { prompts: 'study' } };
    expect(differences({ methods: ['clip', 'views:ratio=0.5', 'views:ratio=0.25'], taskSettings })).toEqual([
      { setting: 'ratio', from: '0', to: '0.5', where: ['views:ratio=0.5'] },
      { setting: 'prompts', from: 'own', to: 'study', where: ['one', 'two'] },
    ]);
  });

  it('lists rows and tasks that only one of the plans has', () => {
    expect(differences({ methods: ['clip', 'views', 'other'], tasks: ['one', 'three'] })).toEqual([
      { setting: 'row', from: 'method', to: 'none', where: ['views:ratio=0.25'] },
      { setting: 'task', from: 'two', to: 'none', where: ['two'] },
      { setting: 'row', from: 'none', to: 'method', where: ['other'] },
      { setting: 'task', from: 'none', to: 'three', where: ['three'] },
    ]);
  });
});
