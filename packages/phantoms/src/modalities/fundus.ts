import type { Random, RasterImage } from '@medbench/core';
import { Canvas, type Colour, mix, scaled, smoothNoise } from '../drawing/canvas.js';
import { between, graded, layers, wobble } from '../drawing/random.js';
import { curve, ellipse, glow, masked, type Point, stroke } from '../drawing/shapes.js';
import { drawCentre, type FindingFactors, openQuestion, yesNoQuestion } from '../findings.js';
import type { Presence } from '../model.js';
import { definePhantom } from './define.js';

export type FundusFactors = {
  readonly pigmentation: 'light' | 'dark';
  readonly eye: 'right' | 'left';
  readonly cup: 'narrow' | 'wide';
  readonly discSwelling: Presence;
} & FindingFactors<'exudates' | 'haemorrhage'>;

/** A colour photograph of the fundus. In a right eye the optic disc is on the right of the image. */
export const fundus = definePhantom<FundusFactors>({
  modality: 'ophthalmology',
  title: 'fundus photograph',
  global: { name: 'pigmentation', values: ['light', 'dark'], phrases: ['light pigmentation', 'dark pigmentation'] },
  others: [
    { name: 'eye', scope: 'global', values: ['right', 'left'] },
    { name: 'cup', scope: 'local', values: ['narrow', 'wide'] },
  ],
  findings: {
    exudates: ['cluster of exudates', 'group of exudates'],
    haemorrhage: ['haemorrhage', 'retinal haemorrhage'],
  },
  rare: { name: 'discSwelling', phrase: 'swollen disc' },
  openings({ pigmentation, cup, discSwelling }) {
    // The cup cannot be judged in a swollen disc, so the caption leaves it out.
    const andCup = discSwelling === 'present' ? '' : ` and a ${cup} cup`;
    return [
      `Fundus photograph with ${pigmentation} pigmentation.`,
      `A fundus photograph with ${pigmentation} pigmentation${andCup}.`,
      `Colour fundus photograph showing ${pigmentation} pigmentation.`,
      `Fundus photograph. The pigmentation is ${pigmentation}.`,
      'Fundus photograph.',
    ];
  },
  negatives: ['No exudates or haemorrhage.', 'No haemorrhage.', 'No exudates.'],
  questionsBefore: ({ pigmentation, eye, cup, discSwelling }, random) => [
    yesNoQuestion('Is the pigmentation dark?', pigmentation === 'dark', 'COLOR'),
    openQuestion('How is the pigmentation of the fundus?', pigmentation, 'COLOR'),
    openQuestion(random.pick(['Which eye is shown?', 'Is this the left or the right eye?']), `${eye} eye`, 'ORGAN'),
    ...(discSwelling === 'present' ? [] : [openQuestion('How is the cup of the disc?', cup, 'SIZE')]),
  ],
  questionsAfter: ({ discSwelling }) => [
    yesNoQuestion('Is the disc swollen?', discSwelling === 'present', 'ABN'),
    openQuestion('What kind of image is this?', 'fundus photograph', 'MODALITY'),
  ],
  render,
});

const RETINA = { light: [0.9, 0.5, 0.24], dark: [0.45, 0.16, 0.07] } as const satisfies Record<string, Colour>;

function render(factors: FundusFactors, random: Random, size: number): RasterImage {
  const layer = layers(random);
  const eye = layer('eye');
  const pigment = graded(eye, factors.pigmentation === 'dark');
  const ground = scaled(mix(RETINA.light, RETINA.dark, pigment), between(eye, 0.96, 1.04));
  const canvas = new Canvas(size, 3, [0.02, 0.015, 0.015]);
  const field = ellipse({ x: 0.5, y: 0.5, rx: 0.475, edge: 0.025 });
  canvas.paint(
    masked(field, (x, y) => 1 - 0.9 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)),
    ground,
  );
  const choroid = smoothNoise(eye, 8);
  canvas.add(masked(field, choroid), [0.04, 0.025, 0.015]);

  const nasal = factors.eye === 'right' ? 1 : -1;
  const disc: Point = { x: 0.5 + nasal * between(eye, 0.19, 0.22), y: 0.5 + between(eye, -0.02, 0.02) };
  canvas.paint(glow(disc.x - nasal * 0.3, disc.y + 0.02, 0.05), scaled(ground, 0.45), 0.8);

  const tree = layer('vessels');
  const blood = scaled([0.55, 0.1, 0.07], 0.95 - 0.4 * pigment);
  for (const up of [-1, 1] as const) {
    const reach = between(tree, 0.27, 0.33);
    const far = { x: disc.x - nasal * between(tree, 0.42, 0.5), y: disc.y + up * reach * 0.8 };
    canvas.paint(
      masked(
        stroke(curve(disc, { x: disc.x - nasal * 0.08, y: disc.y + up * reach * 1.3 }, far), 0.026, { taper: 0.4 }),
        field.coverage,
      ),
      blood,
      0.8,
    );
    const near = { x: disc.x + nasal * between(tree, 0.12, 0.18), y: disc.y + up * between(tree, 0.24, 0.32) };
    canvas.paint(
      masked(
        stroke(curve(disc, { x: disc.x + nasal * 0.02, y: disc.y + up * 0.18 }, near), 0.02, { taper: 0.4 }),
        field.coverage,
      ),
      blood,
      0.8,
    );
  }

  const swollen = factors.discSwelling === 'present';
  const discRadius = swollen ? 0.145 : 0.08;
  canvas.paint(
    ellipse({ ...disc, rx: discRadius, ry: discRadius * 1.08, edge: swollen ? 0.11 : 0.025 }),
    [0.98, 0.82, 0.5],
    0.92,
  );
  if (!swollen) {
    const cup = factors.cup === 'wide' ? 0.06 : 0.026;
    canvas.paint(ellipse({ ...disc, rx: cup, ry: cup * 1.08 }), [1, 0.97, 0.86], 0.95);
  }
  if (swollen) {
    const flames = layer('rare');
    for (let i = 0; i < 7; i++) {
      const theta = (2 * Math.PI * (i + between(flames, -0.25, 0.25))) / 7;
      const from = { x: disc.x + 0.1 * Math.cos(theta), y: disc.y + 0.1 * Math.sin(theta) };
      const to = { x: disc.x + 0.165 * Math.cos(theta), y: disc.y + 0.165 * Math.sin(theta) };
      canvas.paint(masked(stroke([from, to], 0.022), field.coverage), [0.35, 0.03, 0.03], 0.85);
    }
  }

  if (factors.finding !== 'none') finding(factors, layer('finding'), canvas);
  canvas.grain(layer('film'), 0.012);
  return canvas.toImage();
}

function finding(factors: FundusFactors, local: Random, canvas: Canvas): void {
  const centre = drawCentre(factors, { offset: [0.19, 0.25], upper: [0.24, 0.31], lower: [0.69, 0.76] }, local);
  const big = factors.size === 'large';
  if (factors.finding === 'haemorrhage') {
    canvas.paint(
      ellipse({ ...centre, rx: big ? 0.1 : 0.062, harmonics: wobble(local, 0.15) }),
      [0.26, 0.01, 0.02],
      0.95,
    );
    return;
  }
  const count = big ? 12 : 5;
  for (let i = 0; i < count; i++) {
    const distance = (big ? 0.105 : 0.06) * Math.sqrt((i + 0.3) / count);
    const theta = i * 2.399963 + between(local, -0.3, 0.3);
    const dot = { x: centre.x + distance * Math.cos(theta), y: centre.y + distance * Math.sin(theta) };
    canvas.paint(ellipse({ ...dot, rx: between(local, 0.023, 0.03) }), [1, 0.95, 0.55], 0.95);
  }
}
