import type { Random, RasterImage } from '@medbench/core';
import { Canvas, type Colour, mix, smoothNoise } from '../drawing/canvas.js';
import { between, chance, graded, layers, wobble } from '../drawing/random.js';
import { ellipse, type Point, stroke } from '../drawing/shapes.js';
import { drawCentre, type FindingFactors, openQuestion, yesNoQuestion } from '../findings.js';
import type { Presence } from '../model.js';
import { definePhantom } from './define.js';

export type HistologyFactors = {
  readonly stain: 'pale' | 'dark';
  readonly tissue: 'glandular' | 'fibrous';
  readonly mucinLake: Presence;
} & FindingFactors<'lymphocytes' | 'necrosis'>;

/** A histopathology tile stained with haematoxylin and eosin. */
export const histology = definePhantom<HistologyFactors>({
  modality: 'histopathology',
  title: 'histopathology tile',
  global: { name: 'stain', values: ['pale', 'dark'], phrases: ['pale staining', 'dark staining'] },
  others: [{ name: 'tissue', scope: 'global', values: ['glandular', 'fibrous'] }],
  findings: {
    lymphocytes: ['cluster of lymphocytes', 'lymphocyte cluster'],
    necrosis: ['focus of necrosis', 'necrotic focus'],
  },
  rare: { name: 'mucinLake', phrase: 'mucin lake' },
  openings: ({ stain, tissue }) => [
    `Histopathology tile with ${stain} staining.`,
    `A histopathology tile of ${tissue} tissue with ${stain} staining.`,
    `Histopathology tile, ${tissue} tissue, ${stain} staining.`,
    `Histopathology of ${tissue} tissue. The staining is ${stain}.`,
    `Histopathology tile of ${tissue} tissue.`,
  ],
  negatives: ['No necrosis or lymphocytes.', 'No lymphocyte cluster.', 'No necrosis.'],
  questionsBefore: ({ stain, tissue }, random) => [
    yesNoQuestion(random.pick(['Is the staining dark?', 'Is the tile stained dark?']), stain === 'dark', 'COLOR'),
    openQuestion('How is the staining?', stain, 'COLOR'),
    openQuestion(random.pick(['What kind of tissue is seen?', 'What is the tissue?']), tissue, 'ORGAN'),
    yesNoQuestion('Are there glands?', tissue === 'glandular', 'PRES'),
  ],
  questionsAfter: ({ mucinLake }) => [
    yesNoQuestion('Is there a mucin lake?', mucinLake === 'present', 'PRES'),
    openQuestion('What kind of image is this?', 'histopathology tile', 'MODALITY'),
  ],
  render,
});

const STAINS = {
  pale: { ground: [0.95, 0.84, 0.9], fibre: [0.9, 0.68, 0.8], cell: [0.88, 0.7, 0.84], nucleus: [0.62, 0.47, 0.72] },
  dark: { ground: [0.84, 0.56, 0.73], fibre: [0.74, 0.36, 0.58], cell: [0.7, 0.4, 0.66], nucleus: [0.34, 0.17, 0.5] },
} as const satisfies Record<string, Record<string, Colour>>;

function render(factors: HistologyFactors, random: Random, size: number): RasterImage {
  const layer = layers(random);
  const tint = layer('tint');
  const depth = graded(tint, factors.stain === 'dark');
  const shade = (part: keyof typeof STAINS.pale): Colour => mix(STAINS.pale[part], STAINS.dark[part], depth);
  const stain = { ground: shade('ground'), fibre: shade('fibre'), cell: shade('cell'), nucleus: shade('nucleus') };
  const canvas = new Canvas(size, 3, stain.ground);
  canvas.addField(smoothNoise(tint, 6), [0.02, 0.05, 0.03]);

  const tissue = layer('tissue');
  const angle = between(tissue, 0, Math.PI);
  const waves = smoothNoise(tissue, 4);
  const fibres = between(tissue, 11, 15);
  const alongX = 2 * Math.PI * fibres * Math.sin(angle);
  const alongY = -2 * Math.PI * fibres * Math.cos(angle);
  const strength = factors.tissue === 'fibrous' ? 1 : 0.35;
  canvas.addField(
    (x, y) => strength * Math.sin(alongX * x + alongY * y + 4 * waves(x, y)),
    [
      (stain.fibre[0] - stain.ground[0]) / 2,
      (stain.fibre[1] - stain.ground[1]) / 2,
      (stain.fibre[2] - stain.ground[2]) / 2,
    ],
  );

  const nucleus = (stream: Random, centre: Point, turn: number, long: boolean): void => {
    const colour = mix(stain.nucleus, stain.ground, between(stream, 0, 0.25));
    const radius = between(stream, 0.014, 0.019);
    canvas.paint(
      ellipse({ ...centre, rx: long ? radius * 1.9 : radius * 1.2, ry: long ? radius * 0.7 : radius, angle: turn }),
      colour,
      0.9,
    );
  };
  const scattered = factors.tissue === 'fibrous' ? 55 : 26;
  for (let i = 0; i < scattered; i++) {
    nucleus(tissue, { x: tissue.uniform(), y: tissue.uniform() }, angle + between(tissue, -0.3, 0.3), true);
  }
  if (factors.tissue === 'glandular') {
    const corners = [
      [0.22, 0.24],
      [0.74, 0.2],
      [0.5, 0.56],
      [0.2, 0.82],
      [0.8, 0.8],
    ] as const;
    for (const [cx, cy] of corners)
      gland({ x: cx + between(tissue, -0.05, 0.05), y: cy + between(tissue, -0.05, 0.05) });
  }

  function gland(centre: Point): void {
    const radius = between(tissue, 0.1, 0.14);
    const squash = between(tissue, 0.75, 1);
    const turn = between(tissue, 0, Math.PI);
    const harmonics = wobble(tissue, 0.08, 2);
    canvas.paint(
      ellipse({ ...centre, rx: radius * 1.15, ry: radius * squash * 1.15, angle: turn, harmonics }),
      stain.cell,
    );
    canvas.paint(
      ellipse({ ...centre, rx: radius * 0.5, ry: radius * squash * 0.5, angle: turn, harmonics }),
      [0.97, 0.95, 0.97],
    );
    const count = 12;
    for (let i = 0; i < count; i++) {
      const theta = (2 * Math.PI * (i + between(tissue, -0.2, 0.2))) / count;
      const [u, v] = [radius * 0.95 * Math.cos(theta), radius * squash * 0.95 * Math.sin(theta)];
      const position = {
        x: centre.x + u * Math.cos(turn) - v * Math.sin(turn),
        y: centre.y + u * Math.sin(turn) + v * Math.cos(turn),
      };
      nucleus(tissue, position, theta + turn, false);
    }
  }

  if (factors.mucinLake === 'present') {
    const lake = layer('rare');
    const centre = { x: between(lake, 0.42, 0.58), y: chance(lake, 0.5) ? 0.24 : 0.76 };
    const pool = { ...centre, rx: between(lake, 0.23, 0.27), ry: 0.17, harmonics: wobble(lake, 0.1, 3) };
    canvas.paint(ellipse(pool), [0.76, 0.85, 0.94], 0.95);
    canvas.paint(ellipse({ ...pool, outline: 0.014 }), stain.fibre, 0.8);
    for (let i = 0; i < 4; i++) {
      nucleus(lake, { x: centre.x + between(lake, -0.1, 0.1), y: centre.y + between(lake, -0.07, 0.07) }, 0, false);
    }
  }

  if (factors.finding !== 'none') finding(factors, layer('finding'), canvas);

  canvas.grain(layer('film'), 0.018);
  return canvas.toImage();
}

function finding(factors: HistologyFactors, local: Random, canvas: Canvas): void {
  const centre = drawCentre(factors, { offset: [0.24, 0.28], upper: [0.22, 0.36], lower: [0.64, 0.78] }, local);
  const big = factors.size === 'large';
  const reach = big ? 0.165 : 0.1;
  if (factors.finding === 'lymphocytes') {
    for (let i = 0; i < (big ? 90 : 36); i++) {
      const distance = reach * Math.sqrt(local.uniform());
      const theta = 2 * Math.PI * local.uniform();
      const position = { x: centre.x + distance * Math.cos(theta), y: centre.y + distance * Math.sin(theta) };
      canvas.paint(ellipse({ ...position, rx: 0.015 }), [0.13, 0.09, 0.42], 0.92);
    }
    return;
  }
  canvas.paint(ellipse({ ...centre, rx: reach, harmonics: wobble(local, 0.1, 3), edge: 0.04 }), [0.9, 0.36, 0.5], 0.95);
  for (let i = 0; i < (big ? 16 : 7); i++) {
    const distance = 0.8 * reach * Math.sqrt(local.uniform());
    const theta = 2 * Math.PI * local.uniform();
    const position = { x: centre.x + distance * Math.cos(theta), y: centre.y + distance * Math.sin(theta) };
    canvas.paint(stroke([position, { x: position.x + 0.01, y: position.y + 0.006 }], 0.012), [0.4, 0.12, 0.3], 0.8);
  }
}
