import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@medbench/core';
import { type Method, type ObjectiveInput, pluginMetadata, type RepresentInput, rememberOrigin } from '@medbench/core';
import { composeMethod } from '@medbench/core/methods';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { checkMethod, checkPackage, pluginFolders } from './index.js';

@core.Method({ id: 'some', title: 'Some', question: 'baseline', source: 'test' })
class Some implements Method {
  readonly start = 'scratch';
  objective({ representations }: ObjectiveInput) {
    const loss = tf.mean(tf.squaredDifference(representations.image!, representations.text!)) as tf.Scalar;
    return { loss, terms: {} };
  }
}
const check = (change: object): Promise<void> => {
  const method = Object.assign(new Some(), change);
  rememberOrigin(method, 'a-package');
  return checkMethod(composeMethod({ method, objectives: new Map() }), {});
};
const WHO = 'Class Some of a-package (method "some"): ';

describe('checkMethod', () => {
  it('finds no fault in a method that keeps the contract', async () => {
    expect(pluginMetadata(Some)?.info.id).toBe('some');
    await check({});
  });

  it('names a method that looks at other examples in represent()', async () => {
    const represent = ({ model, parameters, batch }: RepresentInput) => {
      const image = model.encodeImage(parameters, batch.images).embedding;
      return { image: tf.sub(image, tf.mean(image, 0)), text: model.encodeText(parameters, batch.ids).embedding };
    };
    await expect(check({ represent })).rejects.toThrow(
      /^Class Some of a-package \(method "some"\): the loss of a batch in chunks is [\d.]+, of the whole batch [\d.]+; move code/,
    );
  });

  it('names an input that is drawn with another size or type than declared', async () => {
    const input = (draw: () => unknown) => ({ inputs: () => ({ kept: { shape: [2, 3], dtype: 'int32', draw } }) });
    await expect(check(input(() => new Int32Array(5)))).rejects.toThrow(
      `${WHO}draw() of the input "kept" returns 5 values; return a Int32Array of 6 values`,
    );
    await expect(check(input(() => undefined))).rejects.toThrow('"kept" returns undefined; return a Int32Array');
  });

  it('names a method that draws random numbers within a step', async () => {
    const objective = ({ representations }: ObjectiveInput) => ({
      loss: tf.mean(tf.mul(representations.image!, Math.random())),
      terms: {},
    });
    await expect(check({ objective })).rejects.toThrow('does not do the same thing twice');
  });
});

describe('checkPackage', () => {
  const root = mkdtempSync(join(tmpdir(), 'medbench-check-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const write = (dir: string, manifest: object, code: string) => {
    mkdirSync(join(root, dir), { recursive: true });
    writeFileSync(join(root, dir, 'package.json'), JSON.stringify({ name: dir, ...manifest }));
    writeFileSync(join(root, dir, 'index.js'), code);
  };
  const exported = { '.': './index.js', './package.json': './package.json' };
  const keywords = ['medbench-plugin'];

  it('lists all faults of a package that does not load', async () => {
    write(
      'broken',
      { medbench: { api: 1, entry: '.' }, dependencies: { '@medbench/core': '1' } },
      'throw new Error("no");',
    );
    const { name, faults } = await checkPackage(join(root, 'broken'));
    expect(name).toBe('broken');
    expect(faults).toEqual([
      'add the keyword "medbench-plugin" to "keywords"',
      '@medbench/core is a dependency; make it a peer dependency, because two copies do not recognise each other',
      expect.stringContaining('Plugin broken'),
    ]);
  });

  it('pluginFolders finds a package or the packages in a folder, without presets and libraries', () => {
    write('field', { medbench: { api: 1, entry: '.' } }, '');
    write('keyword', { keywords, exports: exported }, '');
    write('preset', { medbench: { api: 1, presets: [] } }, '');
    write('library', {}, '');
    expect(pluginFolders(root)).toEqual(['broken', 'field', 'keyword'].map((dir) => join(root, dir)));
    expect(pluginFolders(join(root, 'field'))).toEqual([join(root, 'field')]);
    expect(() => pluginFolders(join(root, 'library'))).toThrow('There is no plugin package in');
  });
});
