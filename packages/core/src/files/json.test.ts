import { describe, expect, it } from 'vitest';
import { parseJson } from './json.js';

const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

describe('parseJson', () => {
  it('parses what JSON.parse does', () => {
    for (const text of ['null', '1', '"x"', '[]', '{"a": [1, {"b": null}]}', nested(500)]) {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }
    expect(() => parseJson('{"a":')).toThrow(SyntaxError);
  });

  it('refuses values that are too deep for functions that visit them recursively', () => {
    expect(() => JSON.stringify(JSON.parse(nested(20_000)))).toThrow(RangeError);
    for (const depth of [502, 20_000]) expect(() => parseJson(nested(depth))).toThrow('nested more than 500 deep');
  });
});
