import { describe, expect, it } from 'vitest';
import { placeLabels } from './label-places.js';

const FRAME = { left: 0, right: 300, top: 0, bottom: 200 };

describe('placeLabels', () => {
  it('puts no label on another label, on a dot, or outside the frame', () => {
    const dots = Array.from({ length: 30 }, (_, i) => ({ x: 8 + 9.5 * i, y: 100 + 60 * Math.sin(i), width: 16 }));
    const places = placeLabels(dots, FRAME, 4);
    const placed = places.filter((place) => place !== undefined);
    expect(placed).toHaveLength(30);
    placed.forEach((a, i) => {
      expect([a.x >= 8, a.x <= 292, a.y >= 7, a.y <= 193]).toEqual([true, true, true, true]);
      for (const b of placed.slice(i + 1)) expect(Math.abs(a.x - b.x) >= 16 || Math.abs(a.y - b.y) >= 14).toBe(true);
      for (const dot of dots) expect(Math.abs(a.x - dot.x) >= 12 || Math.abs(a.y - dot.y) >= 9).toBe(true);
    });
  });

  it('leaves out labels without room', () => {
    const dots = Array.from({ length: 60 }, () => ({ x: 150, y: 100, width: 16 }));
    const places = placeLabels(dots, FRAME, 4);
    expect(Math.hypot(places[0]!.x - 150, places[0]!.y - 100)).toBeLessThan(17);
    expect(places.filter((place) => place === undefined).length).toBeGreaterThan(0);
  });
});
