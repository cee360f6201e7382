import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { batchOrder, epochOrder, partOrder } from './batches.js';
import { prefetch } from './prefetch.js';
import { ByteBudget, cached, fromArray, mapSource, subset } from './source.js';

describe('batchOrder', () => {
  it('visits every example at most once per epoch, in another order each epoch', () => {
    const indices = batchOrder(10, 3, 7);
    const steps = Array.from({ length: 6 }, (_, step) => Array.from(indices(step)));
    const epochs = [steps.slice(0, 3).flat(), steps.slice(3).flat()];
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(9);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[0]).toEqual(Array.from(epochOrder(10, 7, 0)).slice(0, 9));
    expect(Array.from(epochOrder(10, 7, 1)).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is a pure function of the step', () => {
    const indices = batchOrder(100, 8, 1);
    const early = indices(2);
    // A step of another epoch, then the first step again.
    indices(40);
    expect(indices(2)).toEqual(early);
    expect(batchOrder(100, 8, 1)(2)).toEqual(early);
    indices(2).fill(0);
    expect(indices(2)).toEqual(early);
    expect(batchOrder(100, 8, 2)(2)).not.toEqual(early);
  });

  it('refuses a batch that is larger than the corpus', () => {
    expect(() => batchOrder(7, 8, 1)(0)).toThrow(/batch of 8 cannot be drawn from 7 examples/);
    expect(() => batchOrder(7, 0, 1)(0)).toThrow(/batch size is 0/);
    expect(batchOrder(8, 8, 1)(5).length).toBe(8);
  });
});

describe('partOrder', () => {
  it('shows each pair once, and those of a few parts at a time', () => {
    const parts = [3, 0, 4, 2, 5, 1];
    const { order, partSequence } = partOrder(parts, 2, 9, 1);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
    const partOf = parts.flatMap((length, part) => new Array(length).fill(part));
    let from = 0;
    for (let first = 0; first < parts.length; first += 2) {
      const together = Array.from(partSequence.subarray(first, first + 2));
      const length = together.reduce((sum, part) => sum + parts[part]!, 0);
      for (const index of order.subarray(from, from + length)) expect(together).toContain(partOf[index]);
      from += length;
    }
    expect(partOrder(parts, 2, 9, 1).order).toEqual(order);
    expect(partOrder(parts, 2, 9, 2).order).not.toEqual(order);
    expect(partOrder(parts, 2, 8, 1).order).not.toEqual(order);
  });

  it('is the order of a source, which its subsets and batches keep', () => {
    const { order } = partOrder([5, 5], 1, 1, 0);
    const source = { ...fromArray('abcdefghij'.split('')), order: () => order };
    const selected = [9, 0, 3, 3, 7];
    const places = (subset(source, selected) as typeof source).order();
    const shown = Array.from(places, (place) => selected[place]!);
    expect(shown).toEqual(Array.from(order).flatMap((i) => selected.filter((other) => other === i)));
    const step = batchOrder(10, 3, 1, source.order);
    expect([0, 1, 2].flatMap((i) => Array.from(step(i)))).toEqual(Array.from(order).slice(0, 9));
  });
});

const later = <T>(value: T, ms: number): Promise<T> => new Promise((resolve) => setTimeout(resolve, ms, value));

describe('prefetch', () => {
  it('keeps the order and runs ahead by no more than its depth', async () => {
    let running = 0;
    let most = 0;
    const produce = async (step: number): Promise<number> => {
      most = Math.max(most, ++running);
      await later(0, (7 - step) * 2);
      running--;
      return step;
    };
    const seen: number[] = [];
    for await (const step of prefetch(produce, 2, 7, 3)) seen.push(step);
    expect(seen).toEqual([2, 3, 4, 5, 6]);
    expect(most).toBe(3);
  });

  it('works on the next step while the consumer is busy', async () => {
    const started: number[] = [];
    const steps = prefetch(async (step) => void started.push(step), 0, 10);
    await steps.next();
    await later(0, 2);
    expect(started).toEqual([0, 1, 2]);
    await steps.return(undefined);
  });

  it('reports a failure at its step, starts nothing after it and waits for steps under way', async () => {
    const started: number[] = [];
    let settled = 0;
    const produce = async (step: number): Promise<number> => {
      started.push(step);
      await later(0, step === 2 ? 1 : 10);
      settled++;
      if (step === 2) throw new Error('step 2');
      return step;
    };
    const seen: number[] = [];
    const consume = async (): Promise<void> => {
      for await (const step of prefetch(produce, 0, 100, 2)) seen.push(step);
    };
    await expect(consume()).rejects.toThrow('step 2');
    expect(seen).toEqual([0, 1]);
    expect(started).toEqual([0, 1, 2, 3]);
    expect(settled).toBe(4);
  });

  it('ends cleanly when the consumer leaves, even if a step under way fails afterwards', async () => {
    const produce = async (step: number): Promise<number> => {
      await later(0, 1);
      if (step > 0) throw new Error('unseen');
      return step;
    };
    for await (const step of prefetch(produce, 0, 9)) {
      expect(step).toBe(0);
      break;
    }
  });
});

describe('sources', () => {
  it('are mapped by mapSource and selected by subset', async () => {
    const source = mapSource(subset(fromArray(['a', 'b', 'c']), [2, 0, 2]), (item, i) => `${item}${i}`);
    expect(await Promise.all([0, 1, 2].map((i) => source.get(i)))).toEqual(['c0', 'a1', 'c2']);
    await expect(source.get(3)).rejects.toThrow(RangeError);
    expect(() => subset(fromArray([1]), [1])).toThrow(RangeError);
  });

  it('are kept by cached up to its memory limit; reads under way are shared, failures forgotten', async () => {
    const reads: number[] = [];
    const source = cached(
      {
        length: 4,
        async get(i: number) {
          reads.push(i);
          await later(0, 1);
          if (i === 3 && reads.filter((read) => read === 3).length === 1) throw new Error('once');
          return new Uint8Array(100);
        },
      },
      new ByteBudget(250),
    );
    await Promise.all([source.get(0), source.get(0), source.get(1)]);
    expect(reads).toEqual([0, 1]);
    await source.get(2);
    await source.get(2);
    await source.get(0);
    await source.get(1);
    expect(reads).toEqual([0, 1, 2, 2]);
    await expect(source.get(3)).rejects.toThrow('once');
    await expect(source.get(3)).resolves.toHaveLength(100);
  });

  it('return their memory to the budget when nothing refers to them', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const budget = new ByteBudget(150);
    await cached({ length: 1, get: async () => new Uint8Array(100) }, budget).get(0);
    expect(budget.take(100)).toBe(false);
    for (let turn = 0; turn < 50 && !budget.take(100); turn++) {
      collect();
      await later(0, 1);
    }
    expect(budget.take(51)).toBe(false);
  });

  it('share a budget of memory', async () => {
    const budget = new ByteBudget(150);
    let reads = 0;
    const images = {
      length: 1,
      async get() {
        reads++;
        return new Uint8Array(100);
      },
    };
    const [first, second] = [cached(images, budget), cached(images, budget)];
    for (const source of [first, second, first, second]) await source.get(0);
    expect(reads).toBe(3);
  });
});
