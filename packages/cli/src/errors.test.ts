import { type ErrorCode, MedbenchError } from '@medbench/core';
import { describe, expect, it, vi } from 'vitest';
import { exitCode, printError } from './errors.js';

describe('exitCode', () => {
  it.each([
    ['usage', 2],
    ['config', 2],
    ['unknown-id', 2],
    ['plugin', 2],
    ['data', 1],
    ['store', 1],
    ['training', 1],
    ['interrupted', 130],
  ] as [ErrorCode, number][])('of the error %s is %i', (code, expected) => {
    expect(exitCode(new MedbenchError(code, 'x'))).toBe(expected);
  });

  it('of any other error is 1', () => expect(exitCode(new TypeError('x'))).toBe(1));
});

describe('printError', () => {
  const printed = (error: unknown, debug = false): string => {
    const lines: string[] = [];
    const spy = vi.spyOn(console, 'error').mockImplementation((line) => lines.push(String(line)));
    printError(error, debug);
    spy.mockRestore();
    return lines.join('\n');
  };

  it('prints the message and the hint, but no stack', () => {
    const text = printed(new MedbenchError('data', 'x.npz is cut off', { hint: 'Download it again.' }));
    expect(text).toContain('x.npz is cut off');
    expect(text).toContain('Download it again.');
    expect(text).not.toContain('    at ');
  });

  it('prints the stack with --debug, else suggests --debug for an unexpected error', () => {
    expect(printed(new TypeError('odd'), true)).toContain('    at ');
    expect(printed(new TypeError('odd'))).toContain('--debug');
  });
});
