import { pluginMetadata } from '@medbench/core';
import { checkPackage } from '@medbench/plugin-check';
import { expect, it } from 'vitest';
import { Sigmoid } from '../src/index.js';

it('declares its extra parameter: the bias of the logits', () => {
  expect(pluginMetadata(Sigmoid)).toMatchObject({ kind: 'method', info: { id: 'sigmoid' } });
  expect(new Sigmoid().parameters()).toEqual([
    { name: 'logit_bias', shape: [], init: { kind: 'constant', value: -10 } },
  ]);
});

it('is a sound plugin: its manifest, its facts, and two steps of training', async () => {
  const { plugins, faults } = await checkPackage('.');
  expect(plugins).toEqual(['method "sigmoid"']);
  expect(faults).toEqual([]);
});
