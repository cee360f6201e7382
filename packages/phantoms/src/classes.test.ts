import { describe, expect, it } from 'vitest';
import { classCase } from './classes.js';
import { MODELS } from './modalities/index.js';
import { PHANTOM_MODALITIES } from './model.js';

/** Largest number of classes that any task has in a modality. */
const MOST = { radiology: 11, histopathology: 9, dermatology: 7, ophthalmology: 5, ultrasound: 2 } as const;

describe('classCase', () => {
  it.each(PHANTOM_MODALITIES)('%s: makes no two classes alike, for every number of classes', (modality) => {
    for (let classes = 2; classes <= MOST[modality]; classes++) {
      // The values that all examples of a class share. Only these factors can distinguish classes.
      const fixed = Array.from({ length: classes }, (_, label) => {
        const seen = Array.from(
          { length: 40 },
          (_, i) => classCase(3, 'test', i, label, { modality, classes }).factors,
        );
        return Object.fromEntries(
          Object.keys(seen[0]!).flatMap((name) => {
            const values = new Set(seen.map((factors) => factors[name]));
            return values.size === 1 ? [[name, seen[0]![name]!]] : [];
          }),
        );
      });
      for (let a = 0; a < classes; a++) {
        for (let b = 0; b < a; b++) {
          const differ = Object.keys(fixed[a]!).some((name) => fixed[b]![name] && fixed[a]![name] !== fixed[b]![name]);
          expect(differ, `classes ${a} and ${b} of ${classes}`).toBe(true);
        }
      }
    }
  });

  it('can distinguish two classes by the focal finding alone, while the global factor varies in both', () => {
    const examples = (label: number) =>
      Array.from({ length: 60 }, (_, i) =>
        classCase(0, 'focal', i, label, { modality: 'ultrasound', classes: 2, focal: true }),
      );
    for (const { factors } of examples(0)) expect(factors.finding).toBe('none');
    for (const { factors } of examples(1)) expect(factors.finding).toBe('mass');
    for (const label of [0, 1]) expect(new Set(examples(label).map(({ factors }) => factors.echo)).size).toBe(2);
  });

  it('shows the rare finding in no class but the last of the eleven', () => {
    const rare = MODELS.radiology.rare.name;
    for (let label = 0; label < 11; label++) {
      const { factors } = classCase(0, 'rare', 1, label, { modality: 'radiology', classes: 11 });
      expect(factors[rare]).toBe(label === 10 ? 'present' : 'absent');
    }
  });

  it('refuses more classes than the factors can show', () => {
    expect(() => classCase(0, 'x', 0, 0, { modality: 'radiology', classes: 13 })).toThrow(RangeError);
  });
});
