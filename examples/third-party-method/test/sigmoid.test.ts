import { pluginMetadata } from '@medbench/core';
import { checkPackage } from '@medbench/plugin-check';
import { expect, it, vi } from 'vitest';
import { Sigmoid } from '../src/index.js';

it('declares its extra parameter: the bias of the logits', () => {
  expect(pluginMetadata(Sigmoid)).toMatchObject({ kind: 'method', info: { id: 'sigmoid' } });
  const logger = { info: () => {}, warn: () => {}, event: vi.fn() };
  expect(new Sigmoid(logger).parameters()).toEqual([
    { name: 'logit_bias', shape: [], init: { kind: 'constant', value: -10 } },
  ]);
  expect(logger.event).toHaveBeenCalledWith({ plugin: 'sigmoid', logitBias: -10 });
});

it('is a sound plugin: its manifest, its info, and two steps of training', async () => {
  const { plugins, faults } = await checkPackage('.');
  expect(plugins).toEqual(['method "sigmoid"']);
  expect(faults).toEqual([]);
});
