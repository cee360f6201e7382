import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseVariable, readVariable } from './environment.js';

afterEach(() => vi.unstubAllEnvs());

describe('readVariable', () => {
  it('returns the value, and undefined for an unset or empty variable', () => {
    vi.stubEnv('MEDBENCH_DATA', undefined);
    expect(readVariable('MEDBENCH_DATA')).toBeUndefined();
    vi.stubEnv('MEDBENCH_DATA', '');
    expect(readVariable('MEDBENCH_DATA')).toBeUndefined();
    vi.stubEnv('MEDBENCH_DATA', './data');
    expect(readVariable('MEDBENCH_DATA')).toBe('./data');
  });
});

describe('parseVariable', () => {
  it('returns a positive number, and undefined without a text', () => {
    expect(parseVariable('MEDBENCH_WATTS', '82.5')).toBe(82.5);
    expect(parseVariable('MEDBENCH_THREADS', '4', { integer: true })).toBe(4);
    expect(parseVariable('MEDBENCH_WATTS', undefined)).toBeUndefined();
    expect(parseVariable('MEDBENCH_WATTS', '')).toBeUndefined();
  });

  it.each(['much', '-1', '0', 'Infinity', '4 GiB'])('refuses %s, naming the variable and its meaning', (text) => {
    expect(() => parseVariable('MEDBENCH_MEMORY', text)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `MEDBENCH_MEMORY is "${text}", not a positive number`,
        hint: expect.stringContaining('memory in MiB that training may hold'),
      }),
    );
  });

  it('refuses a fraction where an integer is asked for', () => {
    expect(() => parseVariable('MEDBENCH_THREADS', '1.5', { integer: true })).toThrow('not a positive integer');
  });
});
