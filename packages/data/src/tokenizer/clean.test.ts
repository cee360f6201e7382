import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanText, unescapeHtml } from './clean.js';

const { entities } = JSON.parse(readFileSync(new URL('../../fixtures/clip-tokens.json', import.meta.url), 'utf8')) as {
  entities: { names: string[]; sha256: string };
};

describe('cleanText', () => {
  it('decodes entities twice, collapses white space and lowers case', () => {
    expect(cleanText('  H&amp;amp;E\u00a0\u2003Stain\n\t\u03a3\u03a3 ')).toBe('h&e stain \u03c3\u03c2');
  });

  it('repairs quotes, ligatures, widths, control characters and composition as ftfy does', () => {
    expect(cleanText('\u201c\ufb01brosis\u201d \uff28\uff25 na\u0069\u0308ve\u0000\ufeff \u2019s')).toBe(
      '"fibrosis" he na\u00efve \'s',
    );
  });

  it('at first leaves the entities of a line with markup, as ftfy does', () => {
    expect(cleanText('&EACUTE;')).toBe('\u00e9');
    expect(cleanText('<i> &EACUTE;')).toBe('<i> &eacute;');
  });
});

describe('unescapeHtml', () => {
  it('decodes every name of HTML 5 as Python does', () => {
    expect(entities.names.length).toBe(2231);
    const decoded = entities.names.map((name) => unescapeHtml(`&${name}`)).join('\n');
    expect(createHash('sha256').update(decoded).digest('hex')).toBe(entities.sha256);
  });
});
