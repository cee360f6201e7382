import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type PhantomSplit, phantomCase, RARE_SHARE, streamCase } from './cases.js';
import { FACTORS, LABELS, rareLabel } from './labels.js';
import { PHANTOM_MODALITIES } from './model.js';
import { shapesCase } from './shapes.js';

const hash = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('phantomCase', () => {
  it('depends on seed, split and index alone, whatever the order of the calls', () => {
    const make = (i: number) => {
      const { render, ...info } = phantomCase(3, 'train', i);
      return { ...info, pixels: hash(render(48).data) };
    };
    const forth = range(15).map(make);
    const back = range(15).reverse().map(make).reverse();
    expect(back).toEqual(forth);
    for (const i of range(5)) {
      expect(hash(phantomCase(4, 'train', i).render(48).data)).not.toBe(forth[i]!.pixels);
    }
  });

  it('repeats no image within or between splits', () => {
    const hashes = (['train', 'val', 'test'] as PhantomSplit[]).flatMap((split) =>
      range(300).map((i) => hash(phantomCase(0, split, i).render(24).data)),
    );
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('cycles through the modalities and draws each at any size, in colour or grey', () => {
    for (const [index, modality] of PHANTOM_MODALITIES.entries()) {
      const example = phantomCase(0, 'val', index);
      expect(example.modality).toBe(modality);
      const channels = modality === 'radiology' || modality === 'ultrasound' ? 1 : 3;
      for (const size of [28, 48, 64]) {
        const image = example.render(size);
        expect(image).toMatchObject({ width: size, height: size, channels });
        expect(image.data.length).toBe(size * size * channels);
        const mean = image.data.reduce((sum, value) => sum + value, 0) / image.data.length;
        expect(mean).toBeGreaterThan(20);
        expect(mean).toBeLessThan(240);
      }
    }
  });

  it('draws every value of every factor at its stated rate (5 binomial standard errors)', () => {
    const n = 1500;
    for (const modality of PHANTOM_MODALITIES) {
      const cases = range(n).map((i) => streamCase(1, 'rates', i, modality).factors);
      for (const { name, values, weights } of FACTORS[modality]) {
        for (const [index, value] of values.entries()) {
          // Side, size and level are `none` without a finding (1/3); otherwise both values are equally frequent.
          const p = weights?.[index] ?? 1 / values.length;
          const seen = cases.filter((factors) => factors[name] === value).length / n;
          expect(Math.abs(seen - p), `${modality} ${name}=${value}: ${seen}`).toBeLessThan(
            5 * Math.sqrt((p * (1 - p)) / n),
          );
        }
      }
    }
  });

  it('spreads rare findings evenly: 2 % of training cases, 10 % of test cases', () => {
    expect(RARE_SHARE).toEqual({ train: 0.02, val: 0.02, test: 0.1 });
    for (const [split, count, expected] of [
      ['train', 500, 2],
      ['test', 100, 2],
    ] as const) {
      for (const modality of PHANTOM_MODALITIES) {
        const rareIndices = range(count).filter((i) => {
          const example = phantomCase(0, split, i);
          return example.modality === modality && rareLabel(example) === 1;
        });
        expect(rareIndices.length, `${split} ${modality}`).toBe(expected);
      }
    }
    const forced = range(500).filter((i) => rareLabel(phantomCase(0, 'train', i, 'ultrasound')) === 1);
    expect(forced.length).toBe(10);
  });
});

describe('LABELS', () => {
  it('gives every class some cases and no label out of range', () => {
    const cases = range(600).map((i) => phantomCase(0, 'test', i));
    for (const { classes, label, templates } of Object.values(LABELS)) {
      expect(new Set(cases.map(label))).toEqual(new Set(classes.keys()));
      expect(new Set(classes).size).toBe(classes.length);
      for (const template of templates) expect(template.split('{}')).toHaveLength(2);
    }
    expect(LABELS.global.classes).toHaveLength(10);
    expect(LABELS.global.classes[1]).toBe('chest X-ray with an enlarged heart');
  });

  it('has class names that use words of the training captions only', () => {
    const used = new Set(
      range(500).flatMap(
        (i) =>
          phantomCase(0, 'train', i)
            .caption.toLowerCase()
            .match(/[a-z-]+/g) ?? [],
      ),
    );
    for (const { classes } of Object.values(LABELS)) {
      for (const word of classes.flatMap((name) => name.toLowerCase().match(/[a-z-]+/g) ?? [])) {
        expect(used, word).toContain(word);
      }
    }
  });
});

describe('shapesCase', () => {
  it('is a pure function whose caption agrees with the factors', () => {
    for (const i of range(200)) {
      const { factors, caption, render } = shapesCase(0, i);
      expect(shapesCase(0, i).caption).toBe(caption);
      for (const word of [factors.kind, factors.colour, factors.size, factors.texture]) expect(caption).toContain(word);
      const counted = { '1': /\ba (small|large) /, '2': /\btwo /, '3': /\bthree / }[factors.count];
      expect(caption).toMatch(counted);
      for (const word of ['upper left', 'upper right', 'lower left', 'lower right', 'centre']) {
        if (caption.includes(word)) expect(word).toBe(factors.place);
      }
      expect(render(32)).toMatchObject({ width: 32, height: 32, channels: 3 });
    }
    expect(new Set(range(100).map((i) => hash(shapesCase(0, i).render(24).data))).size).toBe(100);
  });
});
