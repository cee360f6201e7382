import { pluginMetadata } from '@medbench/core';
import { checkPackage } from '@medbench/plugin-check';
import { expect, it, vi } from 'vitest';
import { Sigmoid } from '../src/index.js';

it('declares the logit bias as an extra parameter', () => {
  expect(pluginMetadata(Sigmoid)).toMatchObject({ kind: 'method', info: { id: 'sigmoid' } });
  const logger = { info: () => {}, warn: () => {}, event: vi.fn() };
  expect(new Sigmoid(logger).parameters()).toEqual([
    { name: 'logit_bias', shape: [], init: { kind: 'constant', value: -10 } },
  ]);
  expect(logger.event).toHaveBeenCalledWith({ plugin: 'sigmoid', logitBias: -10 });
});

it('passes the plugin check: manifest, info and two training steps', async () => {
  const { plugins, faults } = await checkPackage('.');
  expect(plugins).toEqual(['method "sigmoid"']);
  expect(faults).toEqual([]);
});
