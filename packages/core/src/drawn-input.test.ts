import { describe, expect, it } from 'vitest';
import { drawnInput } from './drawn-input.js';

const input = { shape: [2], dtype: 'float32' as const, draw: () => new Float32Array(2) };

describe('drawnInput', () => {
  it('adds the recipe and leaves the rest of the input unchanged', () => {
    const drawn = drawnInput(import.meta.url, 'noise', [2, { flip: true }], input);
    expect(drawn).toEqual({
      ...input,
      recipe: { module: import.meta.url, export: 'noise', arguments: [2, { flip: true }] },
    });
  });

  it.each(['@acme/inputs', './inputs.js'])('refuses the module %s, which no other thread could resolve', (module) => {
    expect(() => drawnInput(module, 'noise', [], input)).toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringContaining(`"noise" is "${module}"`) }),
    );
  });

  it('refuses arguments that cannot be sent to a thread', () => {
    expect(() => drawnInput(import.meta.url, 'noise', [() => 1], input)).toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringContaining('"noise"') }),
    );
  });
});
