import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema, DEFAULTS, resolveConfig } from '@medbench/runner';
import { STUDIES, type Study } from '@medbench/studies';
import { Ajv } from 'ajv';
import { type ConfigInput, defineConfig } from 'medbench';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { workspacePackages } from '../scripts/workspace.mjs';
import { repository } from './support/cli.js';

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(configJsonSchema());
/** The places at which a configuration breaks the schema. */
const faults = (config: unknown): string[] =>
  validate(config) ? [] : validate.errors!.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);

/** All settings that the presets and studies of the repository consist of. */
function listConfigs(): [string, unknown][] {
  const presets = workspacePackages().flatMap(({ manifest }) => manifest.medbench?.presets ?? []);
  const layers = ({ id, config = {}, presets: byPreset = {} }: Pick<Study, 'id' | 'config' | 'presets'>) =>
    [config, ...Object.values(byPreset)].map((tree, i): [string, unknown] => [`${id}, part ${i}`, tree]);
  return [
    ...presets.map(({ id, config }: { id: string; config: unknown }): [string, unknown] => [`preset ${id}`, config]),
    ...STUDIES.flatMap((study) => [study, ...(study.variants ?? [])].flatMap(layers)),
  ];
}

describe('the JSON Schema of the configuration', () => {
  it.each(listConfigs())('accepts %s', (_, config) => expect(faults(config)).toEqual([]));

  it('accepts no setting, all defaults, and the key $schema', () => {
    expect([faults({}), faults(DEFAULTS), faults({ $schema: './node_modules/medbench/schema.json' })]).toEqual([
      ...[[], [], []],
    ]);
  });

  it('refuses what medbench refuses: unknown keys, wrong types and values out of bounds', () => {
    const wrong: ReadonlyArray<readonly [object, string]> = [
      [{ trainning: {} }, ' additionalProperties'],
      [{ training: { stepz: 3 } }, '/training additionalProperties'],
      [{ training: { steps: -1 } }, '/training/steps minimum'],
      [{ training: { learningRate: 0 } }, '/training/learningRate exclusiveMinimum'],
      [{ training: { steps: 1.5 } }, '/training/steps type'],
      [{ seeds: [] }, '/seeds minItems'],
      [{ evaluation: { split: 'train' } }, '/evaluation/split enum'],
      [{ embeddings: { 'a b': 'x' } }, '/embeddings propertyNames'],
    ];
    for (const [config, fault] of wrong) {
      expect(faults(config)).toContain(fault);
      expect(() => resolveConfig({ flags: config as Record<string, unknown> }), fault).toThrow();
    }
  });

  it('describes every setting, and states its default', () => {
    const undescribed: string[] = [];
    const visit = (path: string, schema: Record<string, unknown>): void => {
      if (!schema.description) undescribed.push(path);
      for (const [key, below] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>))
        visit(`${path}.${key}`, below);
    };
    visit('config', configJsonSchema());
    expect(undescribed).toEqual([]);
    expect(configJsonSchema()).toHaveProperty('properties.training.properties.steps.default', DEFAULTS.training.steps);
  });

  it('is what the built package medbench contains', () => {
    const file = join(repository, 'packages/medbench/schema.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(configJsonSchema());
  });
});

describe('defineConfig', () => {
  it('returns the settings, of which all are optional at every depth', () => {
    const config = { methods: 'clip', training: { steps: 10, validation: { patience: null } } };
    expect(defineConfig(config)).toBe(config);
    expect(resolveConfig({ file: { path: 'x', tree: config } }).training).toEqual({
      ...DEFAULTS.training,
      steps: 10,
    });
    expectTypeOf(defineConfig).parameter(0).toEqualTypeOf<ConfigInput>();
    // @ts-expect-error: the key is misspelt.
    defineConfig({ trainning: {} });
    // @ts-expect-error: a number is needed.
    defineConfig({ training: { steps: 'many' } });
  });
});
