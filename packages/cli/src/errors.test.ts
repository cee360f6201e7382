import { type ErrorCode, MedbenchError } from '@medbench/core';
import { describe, expect, it, vi } from 'vitest';
import { exitCode, explain, printError } from './errors.js';

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

describe('explain', () => {
  it.each([
    [{ code: 'ENOENT', syscall: 'uv_cwd' }, 'The current folder no longer exists'],
    [{ code: 'EMFILE', syscall: 'open' }, 'Too many files are open at once'],
  ])('%j is an error with a way out', (system, message) => {
    const explained = explain(Object.assign(new Error('x'), system));
    expect(explained).toBeInstanceOf(MedbenchError);
    expect(explained).toMatchObject({ message, hint: expect.stringMatching(/\w/) });
  });

  it('keeps any other error', () => {
    for (const error of [new MedbenchError('data', 'x'), new TypeError('x'), 'text', undefined])
      expect(explain(error)).toBe(error);
  });
});

describe('printError', () => {
  const printed = (error: unknown, debug = false): string => {
    const lines: string[] = [];
    const spy = vi.spyOn(console, 'error').mockImplementation((line) => lines.push(String(line)));
    printError(error, debug);
    spy.mockRestore();
    return lines.join('\n');
  };

  it('prints nothing that a terminal obeys, whoever made the error', () => {
    const hostile = Object.assign(new Error('x\u001b[2J\n[info] all fine'), { hint: '\u001b]0;a\u0007', code: 'data' });
    hostile.name = 'MedbenchError';
    for (const text of ['\u001b[2J', '\u0007', '\n[info]']) expect(printed(hostile)).not.toContain(text);
  });

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
