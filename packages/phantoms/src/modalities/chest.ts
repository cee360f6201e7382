import type { Random, RasterImage } from '@medbench/core';
import { Canvas, grey, smoothNoise } from '../drawing/canvas.js';
import { between, chance, graded, layers, wobble } from '../drawing/random.js';
import { curve, ellipse, glow, masked, stroke, without } from '../drawing/shapes.js';
import { drawCentre, type FindingFactors, openQuestion, yesNoQuestion } from '../findings.js';
import type { Presence } from '../model.js';
import { definePhantom } from './define.js';

export type ChestFactors = {
  readonly heart: 'normal' | 'enlarged';
  readonly pacemaker: Presence;
  readonly pneumothorax: Presence;
} & FindingFactors<'nodule' | 'opacity'>;

const HEART = ['a normal heart', 'an enlarged heart'] as const;

const lungAt = (side: ChestFactors['side']): string => (side === 'left' ? 'right lung' : 'left lung');

/**
 * A frontal chest X-ray. By the radiological convention the patient's right is on the left of the image, so a finding
 * with `side: 'left'` lies in the right lung; the heart points to the right of the image.
 */
export const chest = definePhantom<ChestFactors>({
  modality: 'radiology',
  title: 'chest X-ray',
  global: { name: 'heart', values: ['normal', 'enlarged'], phrases: HEART },
  others: [{ name: 'pacemaker', scope: 'local', values: ['absent', 'present'], weights: [0.8, 0.2] }],
  findings: {
    nodule: ['nodule', 'lung nodule', 'round nodule'],
    opacity: ['opacity', 'opacity suggesting pneumonia', 'lung opacity', 'pneumonia'],
  },
  rare: { name: 'pneumothorax', phrase: 'pneumothorax' },
  openings({ heart }) {
    const enlarged = heart === 'enlarged';
    const phrase = HEART[enlarged ? 1 : 0];
    return [
      `Chest X-ray with ${phrase}.`,
      `A chest X-ray with ${phrase}.`,
      `Frontal chest X-ray showing ${phrase}.`,
      `Chest X-ray. The heart is ${heart}${enlarged ? '' : ' in size'}.`,
      'Chest X-ray.',
    ];
  },
  places: ({ side }) => [`in the ${lungAt(side)}`, `of the ${lungAt(side)}`],
  negatives: ['The lungs are clear.', 'Normal lungs, no focal finding.', 'No nodule or opacity.', 'No pneumonia.'],
  asides: ({ pacemaker }, random) => [
    pacemaker === 'present' && chance(random, 0.8) ? 'A pacemaker is in place.' : undefined,
    chance(random, 0.15) ? 'No pleural effusion.' : undefined,
  ],
  questionsBefore: ({ heart }, random) => [
    yesNoQuestion(random.pick(['Is the heart enlarged?', 'Is there cardiomegaly?']), heart === 'enlarged', 'SIZE'),
    openQuestion(random.pick(['What is the size of the heart?', 'How large is the heart?']), heart, 'SIZE'),
  ],
  questionsAfter({ finding, side, pneumothorax, pacemaker }, random) {
    const clear = finding === 'none' && pneumothorax === 'absent';
    return [
      ...(finding === 'none' ? [] : [openQuestion(`Which lung shows the ${finding}?`, lungAt(side), 'ORGAN, POS')]),
      yesNoQuestion(random.pick(['Are the lungs clear?', 'Are the lungs normal?']), clear, 'ABN'),
      yesNoQuestion(
        random.pick(['Is there a pneumothorax?', 'Is a pneumothorax present?']),
        pneumothorax === 'present',
        'PRES',
      ),
      yesNoQuestion(
        random.pick(['Is there a pacemaker?', 'Does the patient have a pacemaker?']),
        pacemaker === 'present',
        'PRES',
      ),
      openQuestion(
        random.pick(['What kind of image is this?', 'What imaging modality is used?']),
        'chest X-ray',
        'MODALITY',
      ),
      openQuestion('In which plane is the image taken?', 'frontal', 'PLANE'),
    ];
  },
  render,
});

function render(factors: ChestFactors, random: Random, size: number): RasterImage {
  const layer = layers(random);
  const body = layer('body');
  const dx = between(body, -0.015, 0.015);
  const dy = between(body, -0.02, 0.02);
  const width = between(body, 0.95, 1.05);
  const canvas = new Canvas(size, 1, grey(0.05));

  canvas.paint(ellipse({ x: 0.5 + dx, y: 0.68 + dy, rx: 0.56 * width, ry: 0.56, edge: 0.08 }), grey(0.5));
  canvas.paint(ellipse({ x: 0.5 + dx, y: 0.05 + dy, rx: 0.13, ry: 0.2, edge: 0.06 }), grey(0.48));
  canvas.addField(smoothNoise(body, 5), grey(0.03));

  const lungShape = (direction: -1 | 1) =>
    ellipse({
      x: 0.5 + dx + direction * 0.215 * width,
      y: 0.5 + dy,
      rx: 0.165 * width,
      ry: 0.335,
      angle: direction * 0.1,
      edge: 0.05,
    });
  const marking = smoothNoise(body, 14);
  const spacing = between(body, 7.5, 8.5);
  for (const direction of [-1, 1] as const) {
    const lung = lungShape(direction);
    canvas.paint(lung, grey(0.17), 0.95);
    canvas.add(
      masked(lung, (x, y) => 0.5 + marking(x, y)),
      grey(0.05),
    );
    const rib = (x: number, y: number) => {
      const bow = y - 0.55 * (x - 0.5 - dx - direction * 0.16) ** 2 * 4;
      return Math.max(0, Math.cos(2 * Math.PI * bow * spacing)) ** 2;
    };
    canvas.add(masked(lung, rib), grey(0.085));
    canvas.add(glow(0.5 + dx + direction * 0.1, 0.47 + dy, 0.05, 0.07), grey(0.14));
    const collar = [
      { x: 0.5 + dx + direction * 0.07, y: 0.235 + dy },
      { x: 0.5 + dx + direction * 0.25, y: 0.215 + dy },
      { x: 0.5 + dx + direction * 0.42, y: 0.16 + dy },
    ];
    canvas.add(stroke(curve(collar[0]!, collar[1]!, collar[2]!), 0.035), grey(0.16));
    canvas.paint(
      ellipse({ x: 0.5 + dx + direction * 0.24, y: 0.97 + dy + direction * 0.015, rx: 0.26, ry: 0.19, edge: 0.035 }),
      grey(0.62),
    );
  }

  if (factors.pneumothorax === 'present') {
    const air = layer('rare');
    const direction = chance(air, 0.5) ? -1 : 1;
    const collapsed = ellipse({
      x: 0.5 + dx + direction * 0.165,
      y: 0.56 + dy,
      rx: 0.115,
      ry: 0.265,
      angle: direction * 0.1,
      edge: 0.02,
    });
    canvas.paint(without(lungShape(direction), collapsed), grey(0.02), 0.95);
    canvas.add(
      ellipse({
        x: 0.5 + dx + direction * 0.165,
        y: 0.56 + dy,
        rx: 0.115,
        ry: 0.265,
        angle: direction * 0.1,
        outline: 0.014,
      }),
      grey(0.3),
    );
  }

  canvas.paint(
    stroke(
      [
        { x: 0.5 + dx, y: 0 },
        { x: 0.5 + dx, y: 1 },
      ],
      0.1,
      { edge: 0.05 },
    ),
    grey(0.66),
  );
  canvas.add(
    masked(
      stroke(
        [
          { x: 0.5 + dx, y: 0 },
          { x: 0.5 + dx, y: 1 },
        ],
        0.07,
        { edge: 0.04 },
      ),
      (_, y) => Math.max(0, Math.cos(y * 62)),
    ),
    grey(0.06),
  );
  const heart = graded(layer('heart'), factors.heart === 'enlarged');
  canvas.paint(
    ellipse({
      x: 0.535 + dx,
      y: 0.68 - 0.015 * heart + dy,
      rx: 0.115 + 0.11 * heart,
      ry: 0.125 + 0.05 * heart,
      angle: 0.35,
      edge: 0.035,
    }),
    grey(0.68),
    0.95,
  );

  if (factors.finding !== 'none') {
    const local = layer('finding');
    const centre = drawCentre(factors, { offset: [0.2, 0.27], upper: [0.29, 0.4], lower: [0.54, 0.62] }, local);
    const big = factors.size === 'large';
    const outline = {
      x: centre.x + dx,
      y: centre.y + dy,
      harmonics: wobble(local, factors.finding === 'nodule' ? 0.06 : 0.22),
    };
    if (factors.finding === 'nodule') {
      canvas.paint(ellipse({ ...outline, rx: big ? 0.075 : 0.045 }), grey(0.82), 0.9);
    } else {
      const patches = smoothNoise(local, 18);
      const cloud = ellipse({ ...outline, rx: big ? 0.13 : 0.085, ry: big ? 0.155 : 0.09, edge: 0.07 });
      canvas.paint(
        masked(cloud, (x, y) => 0.8 + 0.2 * patches(x, y)),
        grey(between(local, 0.42, 0.8)),
        0.9,
      );
    }
  }

  if (factors.pacemaker === 'present') {
    const box = { x: 0.8 + dx, y: 0.24 + dy };
    canvas.paint(ellipse({ ...box, rx: 0.06, ry: 0.05, angle: 0.3 }), grey(0.97));
    canvas.paint(stroke(curve(box, { x: 0.52 + dx, y: 0.15 + dy }, { x: 0.53 + dx, y: 0.72 + dy }), 0.016), grey(0.95));
  }

  const film = layer('film');
  canvas.expose(between(film, 0.84, 1.16), between(film, -0.045, 0.045));
  canvas.grain(film, 0.018);
  return canvas.toImage();
}
