import type { Catalogue } from '@medbench/core/catalogue';
import { describe, expect, it } from 'vitest';
import { DEFAULTS, resolveConfig } from '../config/index.js';
import { planGeneralTraining } from './general.js';
import { makePlan } from './plan.js';
import { methodTraining } from './validation.js';

const entry = (kind: string, id: string, info: object = {}) => ({
  kind,
  id,
  info: { id, title: id, settings: {}, ...info },
  package: { name: `p-${id}`, version: '1.0.0' },
});
const catalogue = {
  entries: [
    entry('method', 'clip'),
    entry('method', 'filip'),
    entry('task', 'one', { kind: 'classification', protocols: ['fit'] }),
    entry('protocol', 'fit', { kinds: ['classification'], settings: {} }),
    entry('corpus', 'figures', {
      settings: {
        split: { default: 'train', choices: ['train', 'valid'], description: 'x' },
        size: { default: 224, description: 'x' },
      },
    }),
    entry('corpus', 'shapes'),
    entry('encoder', DEFAULTS.encoders.image),
    entry('encoder', DEFAULTS.encoders.text),
  ],
  presets: [],
  packages: [],
  broken: [],
} as unknown as Catalogue;

const configured = (validation: object, flags: object = {}) =>
  resolveConfig({
    flags: {
      methods: ['clip'],
      tasks: ['one'],
      controls: [],
      corpora: ['figures'],
      training: { validation },
      ...flags,
    },
  });
const planned = (corpus: string | null, flags: object = {}) => makePlan(configured({ corpus }, flags), catalogue);

describe('the validation corpus of a plan', () => {
  it('is none by default', () => expect(planned(null).validation).toBeNull());

  it('has its settings, then those of the run, then the defaults', () => {
    const { validation } = planned('figures:split=valid', { corpusSettings: { figures: { size: 96 } } });
    expect(validation).toMatchObject({ id: 'figures:split=valid', settings: { split: 'valid', size: 96 } });
    expect(validation!.entry.id).toBe('figures');
    expect(planned('shapes').validation).toMatchObject({ id: 'shapes', settings: {} });
    expect(planned('figures:split=valid:size=32').validation).toMatchObject({ settings: { split: 'valid', size: 32 } });
  });

  it.each([
    ['figure:split=valid', 'Unknown corpus "figure"'],
    ['figures:part=valid', 'Unknown setting of figures "part"'],
    ['figures:split=test', 'corpusSettings.figures.split must be one of train, valid, not test'],
    ['figures:split=train,valid', 'training.validation.corpus is "figures:split=train,valid", which is not one id'],
    ['figures,shapes', 'training.validation.corpus is "figures,shapes", which is not one id'],
    ['figures', 'training.validation.corpus: the rows train on the pairs of figures too'],
    ['figures:split=train', 'training.validation.corpus: the rows train on the pairs of figures:split=train too'],
  ])('%s is refused', (corpus, message) => expect(() => planned(corpus)).toThrow(message));

  it('is refused with an empty name, as are validations of one pair and losses of unknown methods', () => {
    expect(() => configured({ corpus: '' })).toThrow('training.validation.corpus');
    expect(() => configured({ batchSize: 1 })).toThrow('training.validation.batchSize');
    expect(() => configured({ every: 'week' })).toThrow('training.validation.every');
    expect(() => makePlan(configured({ lossOf: { flip: 'own' } }), catalogue)).toThrow('Unknown method "flip"');
  });
});

it('a method has the loss that lossOf names, and the general-domain weights never see the corpus', () => {
  const config = configured({ corpus: 'figures:split=valid', loss: 'clip', lossOf: { filip: 'own' } });
  expect(methodTraining(config, 'clip').validation.loss).toBe('clip');
  expect(methodTraining(config, 'filip').validation.loss).toBe('own');
  const { training } = planGeneralTraining(config, catalogue);
  expect(training.validation).toMatchObject({ share: 0, loss: 'clip' });
});
