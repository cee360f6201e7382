import type { Random, RasterImage } from '@medbench/core';
import { Canvas, grey, smoothNoise } from '../drawing/canvas.js';
import { between, chance, graded, layers, wobble } from '../drawing/random.js';
import { ellipse, masked, stroke } from '../drawing/shapes.js';
import { drawCentre, type FindingFactors, openQuestion, yesNoQuestion } from '../findings.js';
import type { Presence } from '../model.js';
import { definePhantom } from './define.js';

export type UltrasoundFactors = {
  readonly echo: 'low' | 'high';
  readonly texture: 'even' | 'patchy';
  readonly septatedCyst: Presence;
} & FindingFactors<'mass' | 'calcifications'>;

/** A B-mode ultrasound of the breast; the skin is at the top. */
export const ultrasound = definePhantom<UltrasoundFactors>({
  modality: 'ultrasound',
  title: 'breast ultrasound',
  global: { name: 'echo', values: ['low', 'high'], phrases: ['low background echo', 'high background echo'] },
  others: [{ name: 'texture', scope: 'global', values: ['even', 'patchy'] }],
  findings: {
    mass: ['mass', 'solid mass', 'hypoechoic mass'],
    calcifications: ['cluster of calcifications', 'group of calcifications'],
  },
  rare: { name: 'septatedCyst', phrase: 'septated cyst' },
  openings: ({ echo, texture }) => [
    `Breast ultrasound with ${echo} background echo.`,
    `A breast ultrasound with ${echo} background echo and ${texture} texture.`,
    `Breast ultrasound showing ${echo} background echo.`,
    `Breast ultrasound. The background echo is ${echo}, the texture ${texture}.`,
    `Breast ultrasound, ${texture} texture.`,
  ],
  negatives: ['No mass or calcifications.', 'No mass.', 'No solid mass is seen.'],
  questionsBefore: ({ echo, texture }) => [
    yesNoQuestion('Is the background echo high?', echo === 'high', 'ATTRIB'),
    openQuestion('How is the background echo?', echo, 'ATTRIB'),
    yesNoQuestion('Is the texture patchy?', texture === 'patchy', 'ATTRIB'),
    openQuestion('How is the texture?', texture, 'ATTRIB'),
  ],
  questionsAfter: ({ septatedCyst }) => [
    yesNoQuestion('Is there a septated cyst?', septatedCyst === 'present', 'PRES'),
    openQuestion('What kind of image is this?', 'breast ultrasound', 'MODALITY'),
  ],
  render,
});

function render(factors: UltrasoundFactors, random: Random, size: number): RasterImage {
  const layer = layers(random);
  const breast = layer('breast');
  const level = 0.24 + 0.32 * graded(breast, factors.echo === 'high');
  const canvas = new Canvas(size, 1, grey(level));
  const bend = smoothNoise(breast, 3);
  const lines = between(breast, 9, 12);
  canvas.addField((x, y) => Math.sin(2 * Math.PI * lines * (y + 0.05 * bend(x, y))), grey(level * 0.12));
  const patches = smoothNoise(breast, 6);
  canvas.addField(patches, grey(level * (factors.texture === 'patchy' ? 0.5 : 0.05)));

  const skin = (y: number, lift: number) =>
    stroke(
      [
        { x: -0.1, y },
        { x: 0.5, y: y + lift },
        { x: 1.1, y },
      ],
      0.05,
      { edge: 0.03 },
    );
  const lift = between(breast, -0.02, 0.02);
  canvas.paint(skin(0.03, lift), grey(0.85), 0.9);
  canvas.paint(skin(0.11, lift), grey(0.16), 0.6);
  canvas.paint(skin(0.9, -lift), grey(0.7), 0.7);
  canvas.paint(skin(0.97, -lift), grey(0.2), 0.7);

  if (factors.septatedCyst === 'present') {
    const cyst = layer('rare');
    const centre = { x: between(cyst, 0.46, 0.54), y: between(cyst, 0.46, 0.54) };
    canvas.paint(ellipse({ ...centre, rx: 0.165, ry: 0.135, edge: 0.03 }), grey(0.015));
    canvas.paint(ellipse({ ...centre, rx: 0.172, ry: 0.142, outline: 0.016 }), grey(0.8), 0.7);
    const tilt = between(cyst, -0.05, 0.05);
    canvas.paint(
      stroke(
        [
          { x: centre.x + tilt, y: centre.y - 0.13 },
          { x: centre.x - tilt, y: centre.y + 0.13 },
        ],
        0.022,
      ),
      grey(0.85),
      0.9,
    );
  }

  if (factors.finding !== 'none') finding(factors, layer('finding'), canvas);

  canvas.multiply((_, y) => 1.08 - 0.3 * y);
  canvas.speckle(layer('film'), 0.22);
  return canvas.toImage();
}

function finding(factors: UltrasoundFactors, local: Random, canvas: Canvas): void {
  const centre = drawCentre(factors, { offset: [0.22, 0.27], upper: [0.27, 0.38], lower: [0.6, 0.71] }, local);
  const big = factors.size === 'large';
  if (factors.finding === 'mass') {
    const rx = big ? 0.135 : 0.085;
    const outline = {
      ...centre,
      rx,
      ry: rx * 0.75,
      angle: between(local, -0.2, 0.2),
      harmonics: wobble(local, 0.1, 3),
    };
    const shadow = stroke([centre, { x: centre.x, y: centre.y + 0.24 }], rx * 1.3, { edge: 0.06 });
    canvas.paint(
      masked(shadow, (_, y) => Math.max(0, 1 - (y - centre.y) / 0.3)),
      grey(0.06),
      0.6,
    );
    canvas.paint(ellipse(outline), grey(0.03));
    canvas.paint(ellipse({ ...outline, rx: rx * 1.1, ry: rx * 0.85, outline: 0.012 }), grey(0.6), 0.5);
    return;
  }
  const count = big ? 12 : 5;
  for (let i = 0; i < count; i++) {
    const distance = (big ? 0.11 : 0.06) * Math.sqrt((i + 0.3) / count);
    const theta = i * 2.399963 + between(local, -0.4, 0.4);
    const dot = { x: centre.x + distance * Math.cos(theta), y: centre.y + distance * Math.sin(theta) };
    canvas.paint(ellipse({ ...dot, rx: chance(local, 0.5) ? 0.017 : 0.023 }), grey(1.3), 0.95);
  }
}
