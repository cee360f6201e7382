import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Claims } from './claims.js';

const dir = mkdtempSync(join(tmpdir(), 'medbench-claims-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('a part is claimed once, by whoever comes first, until the claims are reset', () => {
  const [one, other] = [new Claims(join(dir, 'claims')), new Claims(join(dir, 'claims'))];
  one.reset();
  expect(one.has('sum:clip=1, seed 0')).toBe(false);
  expect([one.take('sum:clip=1, seed 0'), other.take('sum:clip=1, seed 0')]).toEqual([true, false]);
  expect(other.has('sum:clip=1, seed 0')).toBe(true);
  expect(other.take('clip, seed 0')).toBe(true);
  one.reset();
  expect(other.take('sum:clip=1, seed 0')).toBe(true);
  one.remove();
  expect(other.has('sum:clip=1, seed 0')).toBe(false);
});
