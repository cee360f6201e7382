import { describe, expect, it } from 'vitest';
import { type PhantomCase, streamCase } from './cases.js';
import { PHANTOM_MODALITIES, type PhantomModality } from './model.js';
import { MAX_WORDS } from './text.js';

/** Words for each kind of finding. These rules are written independently of the code that makes captions. */
const KINDS: Record<PhantomModality, Record<string, RegExp>> = {
  radiology: { nodule: /nodule/, opacity: /opacity|pneumonia/ },
  histopathology: { lymphocytes: /lymphocyte/, necrosis: /necro/ },
  dermatology: { streaks: /streak/, globules: /globule/ },
  ophthalmology: { exudates: /exudate/, haemorrhage: /haemorrhage/ },
  ultrasound: { mass: /mass/, calcifications: /calcification/ },
};
const RARE: Record<PhantomModality, [name: string, words: RegExp]> = {
  radiology: ['pneumothorax', /pneumothorax/],
  histopathology: ['mucinLake', /mucin/],
  dermatology: ['blueWhiteVeil', /veil/],
  ophthalmology: ['discSwelling', /swollen|swelling/],
  ultrasound: ['septatedCyst', /cyst/],
};
/** Adjectives of the two-valued factors. A caption must not use the adjective of the value that the image lacks. */
const WORDS: Record<PhantomModality, Record<string, Record<string, RegExp>>> = {
  radiology: { heart: { normal: /normal heart|heart is normal/, enlarged: /enlarged/ } },
  histopathology: {
    stain: { pale: /pale/, dark: /dark/ },
    tissue: { glandular: /glandular/, fibrous: /fibrous/ },
  },
  dermatology: {
    skin: { light: /light skin/, dark: /dark skin/ },
    border: { regular: /\bregular/, irregular: /irregular/ },
  },
  ophthalmology: {
    pigmentation: { light: /light/, dark: /dark/ },
    cup: { narrow: /narrow/, wide: /wide/ },
  },
  ultrasound: {
    echo: { low: /\blow (background )?echo|echo is low/, high: /\bhigh (background )?echo|echo is high/ },
    texture: { even: /even/, patchy: /patchy/ },
  },
};

const sentences = (caption: string): string[] => caption.split(/(?<=\.) /);
const negated = (sentence: string): boolean => /\bno\b/i.test(sentence);
/** The sentences of a caption that say what is present. */
const affirmativeText = (caption: string): string =>
  sentences(caption)
    .filter((sentence) => !negated(sentence))
    .join(' ');

function check({ modality, factors, caption }: PhantomCase): void {
  const affirmed = affirmativeText(caption);
  const negatedText = sentences(caption).filter(negated).join(' ');
  const finding = factors.finding!;
  for (const [kind, pattern] of Object.entries(KINDS[modality])) {
    expect(pattern.test(affirmed), `${kind}: ${caption}`).toBe(finding === kind);
    if (finding === kind) expect(negatedText, caption).not.toMatch(pattern);
  }
  for (const word of ['left', 'right'] as const) {
    expect(affirmed.includes(`${word} side of the image`), caption).toBe(factors.side === word);
    // On an X-ray the patient's right lung is on the left side of the image.
    if (affirmed.includes(`${word} lung`)) expect(factors.side, caption).toBe(word === 'left' ? 'right' : 'left');
  }
  expect(affirmed.replace(/(left|right) (side of the image|lung)/g, ''), caption).not.toMatch(/\b(left|right)\b/);
  for (const word of ['small', 'large'])
    expect(new RegExp(`\\b${word}\\b`).test(affirmed), caption).toBe(factors.size === word);
  for (const word of ['upper', 'lower']) if (affirmed.includes(word)) expect(factors.level, caption).toBe(word);
  const [rare, pattern] = RARE[modality];
  const present = factors[rare] === 'present';
  expect(pattern.test(affirmed), caption).toBe(present);
  if (/rare/.test(affirmed)) expect(present, caption).toBe(true);
  if (present) expect(negatedText, caption).not.toMatch(pattern);
  if (present) expect(negatedText, caption).not.toMatch(/rare/);
  if (finding !== 'none') expect(negatedText, caption).not.toMatch(/focal/);
  if (/lungs are clear|Normal lungs/.test(caption)) expect(finding === 'none' && !present, caption).toBe(true);
  if (modality === 'radiology' && /pacemaker/.test(affirmed)) expect(factors.pacemaker).toBe('present');
  for (const [name, values] of Object.entries(WORDS[modality])) {
    for (const [value, words] of Object.entries(values)) {
      if (words.test(caption)) expect(factors[name], `${name}: ${caption}`).toBe(value);
    }
  }
}

describe('captions', () => {
  const cases = (modality: PhantomModality, count: number) => [
    ...Array.from({ length: count }, (_, i) => streamCase(2, 'captions', i, modality)),
    ...Array.from({ length: count / 4 }, (_, i) =>
      streamCase(2, 'rare captions', i, modality, { [RARE[modality][0]]: 'present' }),
    ),
  ];

  it.each(PHANTOM_MODALITIES)('never contradict the factors (%s)', (modality) => {
    for (const example of cases(modality, 600)) check(example);
  });

  it.each(PHANTOM_MODALITIES)('are short and vary in wording, negation and doubt (%s)', (modality) => {
    const captions = cases(modality, 600).map(({ caption }) => caption);
    for (const caption of captions) {
      expect(caption.split(' ').length, caption).toBeLessThanOrEqual(MAX_WORDS);
      expect(caption).toMatch(/^[A-Z].*\.$/);
    }
    expect(new Set(captions).size).toBeGreaterThan(250);
    const share = (pattern: RegExp) => captions.filter((caption) => pattern.test(caption)).length / captions.length;
    expect(share(/\bno\b/i)).toBeGreaterThan(0.2);
    expect(share(/Possible/)).toBeGreaterThan(0.03);
  });

  it('that contradict the factors fail this check', () => {
    const example = streamCase(2, 'captions', 0, 'ultrasound', {
      finding: 'mass',
      side: 'left',
      size: 'small',
      level: 'upper',
    });
    expect(() => check({ ...example, factors: { ...example.factors, side: 'right' } })).toThrow();
    expect(() => check({ ...example, factors: { ...example.factors, finding: 'calcifications' } })).toThrow();
    expect(() => check({ ...example, caption: `${example.caption} A septated cyst is present.` })).toThrow();
  });
});

describe('questions', () => {
  it.each(PHANTOM_MODALITIES)('have the answers that the factors give (%s)', (modality) => {
    for (let i = 0; i < 200; i++) {
      const { factors, questions } = streamCase(5, 'questions', i, modality);
      expect(questions.length).toBeGreaterThanOrEqual(10);
      const answer = (pattern: RegExp) => questions.find(({ question }) => pattern.test(question))?.answer;
      expect(answer(/left side of the image/)).toBe(factors.side === 'left' ? 'yes' : 'no');
      expect(answer(/right side of the image/)).toBe(factors.side === 'right' ? 'yes' : 'no');
      expect(answer(/How many/)).toBe(factors.finding === 'none' ? '0' : '1');
      const [rare, pattern] = RARE[modality];
      expect(answer(pattern)).toBe(factors[rare] === 'present' ? 'yes' : 'no');
      if (modality === 'radiology') {
        expect(answer(/enlarged|cardiomegaly/)).toBe(factors.heart === 'enlarged' ? 'yes' : 'no');
        if (factors.side === 'left') expect(answer(/Which lung/)).toBe('right lung');
      }
      for (const { type, answer } of questions) {
        expect(answer).not.toBe('');
        if (type === 'closed') expect(['yes', 'no']).toContain(answer);
      }
    }
  });
});
