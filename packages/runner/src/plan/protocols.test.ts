import type { MedbenchError, ProtocolInfo, TaskInfo } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { describe, expect, it } from 'vitest';
import { describeProtocols, evaluationConfig, listTaskProtocols, primaryMetric } from './protocols.js';

const protocol = (id: string, overrides: Partial<ProtocolInfo> = {}) => ({
  kind: 'protocol',
  id,
  info: { id, title: `the ${id}`, kinds: ['classification'], primary: 'right', metrics: {}, ...overrides },
  package: { name: `p-${id}` },
});
const makeCatalogue = (...entries: readonly ReturnType<typeof protocol>[]) =>
  ({ entries, presets: [], packages: [], broken: [] }) as unknown as Catalogue;
const task = (overrides: Partial<TaskInfo> = {}) =>
  ({ id: 't', kind: 'classification', protocols: ['probe'], metric: { probe: 'auc' }, ...overrides }) as TaskInfo;

const PROBE = protocol('probe', {
  order: 2,
  section: 'fit',
  settings: {
    solver: { default: 'a', choices: ['a', 'b'], description: 'x' },
    grid: { default: [1, 10], min: 0, description: 'x' },
    shots: { default: [], min: 1, description: 'x' },
  },
});
const catalogue = makeCatalogue(
  protocol('nearest', { joins: true }),
  PROBE,
  protocol('prompts', { order: 1 }),
  protocol('find', { kinds: ['retrieval'], joins: true }),
  protocol('tuned', {
    section: 'tuning',
    settings: { head: { default: 'none', choices: ['none', 'ban'], description: 'x' } },
    joins: { unless: { setting: 'head', is: 'none' } },
  }),
);
const evaluation = evaluationConfig({ split: 'test' }, catalogue);

describe('listTaskProtocols and primaryMetric', () => {
  it('list the protocols that the task names, then those that join its kind', () => {
    expect(listTaskProtocols(task(), catalogue, evaluation)).toEqual(['probe', 'nearest']);
    expect(listTaskProtocols(task({ protocols: ['nearest', 'prompts'] }), catalogue, evaluation)).toEqual([
      'nearest',
      'prompts',
    ]);
    expect(listTaskProtocols(task({ kind: 'retrieval', protocols: [] }), catalogue, evaluation)).toEqual(['find']);
  });

  it('leave out a protocol while its setting has the value with which it joins nothing', () => {
    const on = evaluationConfig({ split: 'test', tuning: { head: 'ban' } }, catalogue);
    expect(listTaskProtocols(task(), catalogue, on)).toEqual(['probe', 'nearest', 'tuned']);
  });

  it('refuse a protocol that is not installed or does not measure tasks of this kind', () => {
    expect(() => listTaskProtocols(task({ protocols: ['prompt'] }), catalogue, evaluation)).toThrow(
      'Unknown protocol "prompt"',
    );
    expect(() => listTaskProtocols(task({ protocols: ['find'] }), catalogue, evaluation)).toThrow(
      'The task t is of kind classification, and names the protocol find, which measures retrieval',
    );
  });

  it('return the primary metric that the task names, else that of the protocol', () => {
    expect(primaryMetric(task(), PROBE.info)).toBe('auc');
    expect(primaryMetric(task({ metric: {} }), PROBE.info)).toBe('right');
  });
});

describe('evaluationConfig', () => {
  it('overrides the defaults of each section with the configured settings', () => {
    expect(evaluationConfig({ split: 'val', fit: { grid: [5] } }, catalogue)).toEqual({
      fit: { solver: 'a', grid: [5], shots: [] },
      tuning: { head: 'none' },
      split: 'val',
      activation: 'same',
      activationOf: {},
    });
  });

  it.each([
    [{ fi: {} }, 'Unknown setting "evaluation.fi"', /Did you mean "evaluation\.fit"\?/],
    [{ fit: { solvr: 'a' } }, 'Unknown setting "evaluation.fit.solvr"', /Did you mean "evaluation\.fit\.solver"\?/],
    [{ fit: { solver: 'c' } }, 'evaluation.fit.solver must be one of a, b, not c'],
    [{ fit: { solver: 3 } }, 'evaluation.fit.solver must be a string, not 3'],
    [{ fit: { grid: 3 } }, 'evaluation.fit.grid must be a list of numbers, not 3'],
    [{ fit: { grid: [] } }, 'evaluation.fit.grid must be a list of numbers, not []'],
    [{ fit: { grid: [1, -2] } }, 'evaluation.fit.grid must lie in [0, ∞], not -2'],
    [{ fit: 'b' }, 'evaluation.fit must hold settings, not "b"'],
  ] as const)('refuses %j', (sections, message, hint = /./) => {
    let fault: MedbenchError | undefined;
    try {
      evaluationConfig({ split: 'test', ...sections }, catalogue);
    } catch (error) {
      fault = error as MedbenchError;
    }
    expect(fault!.message).toBe(message);
    expect(fault!.hint ?? '.').toMatch(hint);
  });

  it('refuses two protocols that claim one section, and names both packages', () => {
    const other = protocol('fit', { settings: { x: { default: 1, description: 'x' } } });
    expect(() => evaluationConfig({ split: 'test' }, makeCatalogue(PROBE, other))).toThrow(
      'evaluation.fit belongs to the protocol probe of p-probe, and the protocol fit of p-fit claims it too',
    );
  });
});

it('describeProtocols describes the protocols that measure cells, in the order of the table', () => {
  const described = describeProtocols(catalogue, new Set(['nearest', 'probe', 'prompts']));
  expect(described.map(({ id, title }) => [id, title])).toEqual([
    ['prompts', 'the prompts'],
    ['probe', 'the probe'],
    ['nearest', 'the nearest'],
  ]);
});
