import type { Random, RasterImage } from '@medbench/core';
import { Canvas, type Colour, mix, scaled, smoothNoise } from '../drawing/canvas.js';
import { between, chance, graded, layers, wobble } from '../drawing/random.js';
import { curve, ellipse, masked, type Point, stroke } from '../drawing/shapes.js';
import { type FindingFactors, openQuestion, yesNoQuestion } from '../findings.js';
import type { Presence } from '../model.js';
import { definePhantom } from './define.js';

export type DermatoscopyFactors = {
  readonly skin: 'light' | 'dark';
  readonly border: 'regular' | 'irregular';
  readonly blueWhiteVeil: Presence;
} & FindingFactors<'streaks' | 'globules'>;

/** A pigmented skin lesion under the dermatoscope. */
export const dermatoscopy = definePhantom<DermatoscopyFactors>({
  modality: 'dermatology',
  title: 'dermatoscopy image',
  global: { name: 'skin', values: ['light', 'dark'], phrases: ['light skin', 'dark skin'] },
  others: [{ name: 'border', scope: 'global', values: ['regular', 'irregular'] }],
  findings: {
    streaks: ['group of streaks', 'band of streaks'],
    globules: ['cluster of globules', 'group of globules'],
  },
  rare: { name: 'blueWhiteVeil', phrase: 'blue-white veil' },
  openings: ({ skin, border }) => [
    `Dermatoscopy image with ${skin} skin.`,
    `A dermatoscopy image of a lesion on ${skin} skin.`,
    `Dermatoscopy image with ${skin} skin and ${border === 'regular' ? 'a' : 'an'} ${border} lesion border.`,
    `Dermatoscopy image. Lesion with ${border === 'regular' ? 'a' : 'an'} ${border} border on ${skin} skin.`,
    `Dermatoscopy image. The lesion border is ${border}.`,
  ],
  negatives: ['No streaks or globules.', 'No globules.', 'No streaks.'],
  questionsBefore: ({ skin, border }) => [
    yesNoQuestion('Is the skin dark?', skin === 'dark', 'COLOR'),
    openQuestion('What is the skin tone?', skin, 'COLOR'),
    yesNoQuestion('Is the lesion border irregular?', border === 'irregular', 'ATTRIB'),
    openQuestion('How is the lesion border?', border, 'ATTRIB'),
  ],
  questionsAfter: ({ blueWhiteVeil }) => [
    yesNoQuestion('Is there a blue-white veil?', blueWhiteVeil === 'present', 'PRES'),
    openQuestion('What kind of image is this?', 'dermatoscopy image', 'MODALITY'),
  ],
  render,
});

const SKIN = { light: [0.92, 0.74, 0.65], dark: [0.46, 0.3, 0.22] } as const satisfies Record<string, Colour>;

function render(factors: DermatoscopyFactors, random: Random, size: number): RasterImage {
  const layer = layers(random);
  const ground = layer('skin');
  const tan = mix(SKIN.light, SKIN.dark, graded(ground, factors.skin === 'dark'));
  const skin = scaled(tan, between(ground, 0.96, 1.04));
  const canvas = new Canvas(size, 3, skin);
  canvas.addField(smoothNoise(ground, 9), [0.025, 0.03, 0.03]);

  const spot = layer('lesion');
  const centre = { x: 0.5 + between(spot, -0.02, 0.02), y: 0.5 + between(spot, -0.02, 0.02) };
  const radius = between(spot, 0.25, 0.28);
  const tone = mix([0.5, 0.36, 0.28], [0.62, 0.5, 0.42], spot.uniform());
  const pigment: Colour = [skin[0] * tone[0], skin[1] * tone[1], skin[2] * tone[2]];
  const lesion = ellipse({
    ...centre,
    rx: radius,
    ry: radius * between(spot, 0.85, 1),
    angle: between(spot, 0, Math.PI),
    harmonics: wobble(spot, factors.border === 'irregular' ? 0.15 : 0.015),
    edge: factors.border === 'irregular' ? 0.03 : 0.06,
  });
  canvas.paint(lesion, pigment, 0.92);
  const mottle = smoothNoise(spot, 7);
  const mesh = between(spot, 20, 24);
  const network = (x: number, y: number) =>
    0.6 * mottle(x, y) + 0.4 * Math.cos(mesh * (x + y) * Math.PI) * Math.cos(mesh * (x - y) * Math.PI);
  canvas.add(masked(lesion, network), scaled(pigment, 0.22));

  if (factors.blueWhiteVeil === 'present') {
    const veil = layer('rare');
    canvas.paint(
      ellipse({
        x: centre.x + between(veil, -0.03, 0.03),
        y: centre.y + between(veil, -0.03, 0.03),
        rx: 0.15,
        ry: 0.13,
        harmonics: wobble(veil, 0.12, 3),
        edge: 0.06,
      }),
      [0.58, 0.7, 0.88],
      0.85,
    );
  }

  if (factors.finding !== 'none') finding(factors, centre, radius, layer('finding'), canvas);

  const hair = layer('hair');
  for (let i = hair.integer(4); i > 0; i--) {
    const edgePoint = (): Point => ({ x: hair.uniform(), y: chance(hair, 0.5) ? -0.05 : 1.05 });
    const path = curve(edgePoint(), { x: hair.uniform(), y: hair.uniform() }, { x: hair.uniform(), y: 0.5 });
    canvas.paint(stroke(path, 0.006), [0.12, 0.08, 0.07], 0.55);
  }
  canvas.multiply((x, y) => 1 - 0.9 * Math.max(0, Math.sqrt((x - 0.5) ** 2 + (y - 0.5) ** 2) - 0.46));
  canvas.grain(layer('film'), 0.015);
  return canvas.toImage();
}

/** Draws streaks outwards from the lesion's border, or globules inside it, spread about one direction. */
function finding(factors: DermatoscopyFactors, centre: Point, radius: number, local: Random, canvas: Canvas): void {
  const big = factors.size === 'large';
  const tilt = between(local, 0.35, 0.6) * (factors.level === 'upper' ? -1 : 1);
  const direction = factors.side === 'right' ? tilt : Math.PI - tilt;
  const pointAt = (distance: number, theta: number): Point => ({
    x: centre.x + distance * Math.cos(theta),
    y: centre.y + distance * Math.sin(theta),
  });
  if (factors.finding === 'streaks') {
    const count = big ? 9 : 5;
    for (let i = 0; i < count; i++) {
      const theta = direction + ((i - (count - 1) / 2) / count) * (big ? 1.5 : 0.85);
      const end = radius * between(local, big ? 1.5 : 1.4, big ? 1.65 : 1.5);
      canvas.paint(
        stroke([pointAt(radius * 0.75, theta), pointAt(end, theta)], 0.034, { taper: 0.6 }),
        [0.13, 0.07, 0.05],
        0.92,
      );
    }
    return;
  }
  const middle = pointAt(radius * 0.66, direction);
  const reach = big ? 0.08 : 0.05;
  for (let i = 0; i < (big ? 12 : 5); i++) {
    const distance = reach * Math.sqrt((i + 0.5) / (big ? 12 : 5));
    const theta = i * 2.399963 + between(local, -0.3, 0.3);
    const dot = { x: middle.x + distance * Math.cos(theta), y: middle.y + distance * Math.sin(theta) };
    canvas.paint(ellipse({ ...dot, rx: 0.021 }), [0.06, 0.03, 0.04], 0.95);
  }
}
