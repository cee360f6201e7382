import { describe, expect, it } from 'vitest';
import { isArray, makeBatches } from './batches.js';

describe('batches', () => {
  it('are an array for each group of rows with the same needs, and single jobs for what others need', () => {
    const rows = [
      { id: 'chance:0', needs: [] },
      { id: 'clip:0', needs: ['general'] },
      { id: 'flip:0', needs: ['general'] },
    ];
    const all = ['general', ...rows.map(({ id }) => id)];
    const batches = makeBatches([{ id: 'general', needs: [] }, ...rows, { id: 'gather', needs: all }]);
    expect(batches).toEqual([
      { name: 'general', units: ['general'], needs: [] },
      { name: 'rows', units: ['chance:0'], needs: [] },
      { name: 'rows-2', units: ['clip:0', 'flip:0'], needs: ['general'] },
      { name: 'gather', units: ['gather'], needs: all },
    ]);
    expect(batches.map(isArray)).toEqual([false, true, true, false]);
  });

  it("stay below SLURM's limit of 1001 tasks", () => {
    const rows = Array.from({ length: 2001 }, (_, i) => ({ id: `clip:${i}`, needs: [] }));
    const batches = makeBatches(rows);
    expect(batches.map(({ name, units }) => [name, units.length])).toEqual([
      ['rows', 1000],
      ['rows-2', 1000],
      ['rows-3', 1],
    ]);
    expect(batches.flatMap(({ units }) => units)).toEqual(rows.map(({ id }) => id));
  });
});
