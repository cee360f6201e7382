import { createHash } from 'node:crypto';
import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import { type AnyMethod, type Backend, type ObjectiveUse, type ResolvedMethod, use } from '@medbench/core';
import { composeMethod, objectivesFrom, type ResolvedObjective } from '@medbench/core/methods';
import { Clip } from '@medbench/methods-clip';
import { Coca } from '@medbench/methods-coca';
import { normal } from '@medbench/nn';
import * as objectives from '@medbench/objectives/plugin';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selected } from './support/full.js';
import { composed, createRow, largestDifference, model, trainOn } from './support/methods.js';

const STEPS = 8;
const backends = [
  ['wasm', new Wasm()],
  ['compiled', new Compiled()],
] as const;
const sum = (...uses: ObjectiveUse[]): AnyMethod => ({ start: 'general', objectives: () => uses });
const captioning = use('captioning', { weight: 2, queries: 6 });

/** Losses, and a hash of every weight. */
async function trained(backend: Backend, ...row: Parameters<typeof createRow>): Promise<Record<string, unknown>> {
  const { losses, weights } = await trainOn(backend, createRow(...row), STEPS, { selfCheck: false });
  const hashes = Object.entries(weights).map(([name, { data }]) => [
    name,
    createHash('sha256')
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest('hex'),
  ]);
  return { losses, ...Object.fromEntries(hashes) };
}

// A sum is composed before any backend sees it.
describe.each(selected('sums on', backends, ['compiled']))(
  `on %s, to the last bit over ${STEPS} steps,`,
  (_id, backend) => {
    const train = (...row: Parameters<typeof createRow>) => trained(backend, ...row);
    let clip: Awaited<ReturnType<typeof trained>>;
    beforeAll(async () => {
      clip = await train(Clip, {});
    });

    it('clip=1 is clip', async () => {
      expect(await train(sum(use('clip')), {})).toEqual(clip);
    });

    it('clip=1 and captioning=2 are coca, in either order', async () => {
      const coca = await train(Coca, { queries: 6 });
      expect(await train(sum(use('clip'), captioning), {})).toEqual(coca);
      expect(await train(sum(captioning, use('clip')), {})).toEqual(coca);
    });

    it('an objective with weight 0 is left out', async () => {
      const nothing = use('nt-xent-views', { weight: 0 });
      expect(await train(sum(use('clip'), nothing), {})).toEqual(clip);
    });
  },
);

/** Settings that keep the parameters of objectives small. */
const SMALL: Readonly<Record<string, number>> = { hidden: 8, output: 8, queries: 2, width: 8, queue: 16 };
const shipped = [...objectivesFrom(objectives).values()].map(({ info }) => info);

describe.each(shipped)('$id alone', ({ id, settings }) => {
  it('trains the parameters that its loss depends on, and freezes the rest', async () => {
    const small = Object.fromEntries(Object.entries(SMALL).filter(([name]) => name in settings));
    // Without weight decay, only a gradient changes a parameter.
    const row = createRow(sum(use(id, small)), {}, { weightDecay: 0, warmup: 0 });
    const { weights } = await trainOn(new Wasm(), row, 2);
    const moved = (name: string): boolean => largestDifference(row.start[name]!, weights[name]!) > 0;
    const towers = model.parameters.map(({ name }) => name);
    expect(towers.filter((name) => !moved(name))).toEqual(towers.filter((name) => !row.step.trainable.includes(name)));
  });
});

/** A test objective: pulls its own vector, called `head`, towards a number. */
const pull = (id: string, towards: number): ResolvedObjective => ({
  info: { id, title: id, source: 'x', settings: {} },
  instance: {
    parameters: () => [{ name: 'head', shape: [3], init: normal(1) }],
    idle: ({ parameters }) => parameters.map(({ name }) => name),
    loss: ({ parameters }) => {
      const loss = tf.mean(tf.square(tf.sub(parameters.head!, towards))) as tf.Scalar;
      return { loss, terms: { half: tf.div(loss, 2) } };
    },
  },
});

describe('a sum of two objectives with equally named parameters', () => {
  const objectives = new Map([
    ['one', pull('one', 5)],
    ['two', pull('two', -5)],
  ]);
  const method: ResolvedMethod = composeMethod({ method: sum(use('one'), use('two', { weight: 3 })), objectives });

  it('trains each separately, and freezes the parameters that neither depends on', async () => {
    const row = createRow(method, {}, { weightDecay: 0 });
    const { losses, weights } = await trainOn(new Wasm(), row, 20);
    expect(row.step.trainable).toEqual(['one/head', 'two/head']);
    // Both start from the same values and move in opposite directions.
    expect(row.start['one/head']).toEqual(row.start['two/head']);
    const moved = (name: string) => weights[name]!.data.map((value, i) => value - row.start[name]!.data[i]!);
    expect(Math.min(...moved('one/head'))).toBeGreaterThan(0);
    expect(Math.max(...moved('two/head'))).toBeLessThan(0);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    for (const { name } of model.parameters) expect(largestDifference(weights[name]!, row.start[name]!), name).toBe(0);
  });

  it('reports each loss without its weight, and its terms', () => {
    const parameters = { 'one/head': tf.tensor1d([5, 5, 5]), 'two/head': tf.tensor1d([-3, -3, -3]) };
    const { loss, terms } = method.objective({ representations: {}, parameters, settings: {} });
    expect(loss.dataSync()[0]).toBe(12);
    expect(Object.entries(terms!).map(([name, value]) => [name, value.dataSync()[0]])).toEqual([
      ['one', 0],
      ['one/half', 0],
      ['two', 4],
      ['two/half', 2],
    ]);
  });
});

describe('the towers', () => {
  /** How often a sum encodes each tower. */
  function passes(...uses: ObjectiveUse[]): Record<string, number> {
    const counts = { image: 0, text: 0 };
    const counted: typeof model = {
      ...model,
      encodeImage(...given) {
        counts.image++;
        return model.encodeImage(...given);
      },
      encodeText(...given) {
        counts.text++;
        return model.encodeText(...given);
      },
    };
    const row = createRow(sum(...uses), {});
    const parameters = Object.fromEntries(
      Object.entries(row.start).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
    const drawn = Object.entries(row.step.inputs).map(([name, { shape, dtype }]) => [
      name,
      tf.zeros([2, ...shape], dtype),
    ]);
    composed(sum(...uses)).represent({
      model: counted,
      parameters,
      batch: { images: tf.zeros([2, 16, 16, 3]), ids: tf.zeros([2, 12], 'int32'), inputs: Object.fromEntries(drawn) },
      settings: {},
    });
    return counts;
  }

  it('run once for all objectives that ask for the same outputs', async () => {
    await new Wasm().status();
    expect(passes(use('clip'), captioning, use('filip', { width: 4 }), use('cyclip'))).toEqual({ image: 1, text: 1 });
    expect(passes(use('clip'), use('nt-xent-views', { hidden: 4, output: 4 }))).toEqual({ image: 3, text: 1 });
    expect(passes(use('nt-xent-views', { hidden: 4, output: 4 }))).toEqual({ image: 2, text: 0 });
  });
});
