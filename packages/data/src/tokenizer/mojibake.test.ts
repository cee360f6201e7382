import { describe, expect, it } from 'vitest';
import { cleanText } from './clean.js';
import { repairEncoding } from './mojibake.js';

/** The text's UTF-8 bytes read as Latin-1, or as another encoding. */
const misread = (text: string, label = 'latin1'): string =>
  label === 'latin1'
    ? Buffer.from(text, 'utf8').toString('latin1')
    : new TextDecoder(label).decode(new TextEncoder().encode(text));

const CAPTIONS = [
  'Scale bar, 50 µm.',
  'a 3.2 × 2.1 cm mass',
  '37 °C ± 0.5',
  'α-synuclein and β₂-microglobulin ≥ 3 mg/L',
  'the patient’s “coin” lesion – stable…',
  'épanchement pleural à gauche',
  'Рентген грудной клетки',
  '胸部X線',
  'ok 😀',
];

describe('repairEncoding', () => {
  it.each(CAPTIONS)('restores "%s" after one and two readings as Latin-1', (text) => {
    expect(repairEncoding(misread(text))).toBe(text);
    expect(repairEncoding(misread(misread(text)))).toBe(text);
  });

  it('restores text read in other encodings if there is enough evidence', () => {
    // As in the published examples of ftfy: quotes and signs of three bytes in Windows-1252 and 1251.
    expect(repairEncoding('âœ” No problems')).toBe('✔ No problems');
    expect(repairEncoding('the patientâ€™s scale bar, 50 Âµm')).toBe('the patient’s scale bar, 50 µm');
    expect(repairEncoding(misread('the patient’s', 'windows-1251'))).toBe('the patient’s');
    expect(repairEncoding(misread('nódulo sólido', 'macintosh'))).toBe('nódulo sólido');
    expect(repairEncoding('SjĂ¶gren')).toBe('Sjögren');
    expect(repairEncoding('voilÃ le travail')).toBe('voilà le travail');
  });

  it('replaces a sequence that lost a byte by one lost character', () => {
    expect(repairEncoding('a â€œcoinâ€\ufffd lesion')).toBe('a “coin\ufffd lesion');
    expect(repairEncoding('3 \ufffd 4')).toBe('3 \ufffd 4');
  });

  it('restores parts of a line that is sound otherwise', () => {
    expect(repairEncoding('≥ 3 mm, Sjögren, 50 Âµm, Î±-synuclein, donâ€™t')).toBe(
      '≥ 3 mm, Sjögren, 50 µm, α-synuclein, don’t',
    );
  });

  it.each([
    ...CAPTIONS,
    'NESTLÉ® Å± 3 × – ² É™',
    'café “x” naïve Ångström ©® ½–¾ Ménière’s',
    'ÉCOLE MAÇÃ IRMÃ ÎLE À Ð Þ',
    'Œuvre â„¢',
    'Übung, größer; über 5 µm²',
    'Łódź żółć Türkçe ığüşöç Ārste ķīļa',
    '',
    'plain',
    '\ud83d \udc00',
  ])('leaves "%s" unchanged', (text) => {
    expect(repairEncoding(text)).toBe(text);
  });

  it('is part of the clean-up of captions', () => {
    expect(cleanText('h\u00c3\u00a9\n50 &Acirc;&micro;m')).toBe('h\u00e9 50 \u00b5m');
  });
});
