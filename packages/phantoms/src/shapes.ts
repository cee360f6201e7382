import { random as namedRandom, type Random, type RasterImage } from '@medbench/core';
import { DEFAULT_SIZE } from './cases.js';
import { Canvas, type Colour, smoothNoise } from './drawing/canvas.js';
import { between, layers } from './drawing/random.js';
import { ellipse, type Point, polygon, type Shape } from './drawing/shapes.js';

const COLOURS = {
  red: [0.85, 0.13, 0.13],
  green: [0.13, 0.62, 0.22],
  blue: [0.15, 0.3, 0.85],
  yellow: [0.95, 0.85, 0.15],
  purple: [0.55, 0.2, 0.65],
  orange: [0.96, 0.55, 0.1],
  black: [0.06, 0.06, 0.06],
  white: [0.98, 0.98, 0.98],
} as const satisfies Record<string, Colour>;
const KINDS = ['circle', 'square', 'triangle', 'diamond', 'ring'] as const;
const TEXTURES = ['plain', 'striped', 'dotted', 'checkered', 'cloudy'] as const;
const PLACES = ['upper left', 'upper right', 'lower left', 'lower right', 'centre'] as const;
const NUMBERS = ['', 'a', 'two', 'three'] as const;

/** The generative factors of the general-domain corpus, with their values. */
export const SHAPE_FACTORS = {
  kind: KINDS,
  colour: Object.keys(COLOURS) as (keyof typeof COLOURS)[],
  size: ['small', 'large'],
  count: ['1', '2', '3'],
  texture: TEXTURES,
  place: PLACES,
} as const;

type ShapeFactors = { readonly [K in keyof typeof SHAPE_FACTORS]: (typeof SHAPE_FACTORS)[K][number] };

/** One example of the general-domain corpus: coloured shapes on a textured background. */
export interface ShapesCase {
  readonly factors: ShapeFactors;
  readonly caption: string;
  /** Draws the image, `size` pixels a side. */
  render(size?: number): RasterImage;
}

/** The example at `index`. It depends on the arguments alone and has its own random stream. */
export function shapesCase(seed: number, index: number): ShapesCase {
  const use = (name: string) => namedRandom(seed, 'shapes', index, name);
  const stream = use('factors');
  const factors: ShapeFactors = {
    kind: stream.pick(KINDS),
    colour: stream.pick(SHAPE_FACTORS.colour),
    size: stream.pick(SHAPE_FACTORS.size),
    count: stream.pick(['1', '1', '2', '3'] as const),
    texture: stream.pick(TEXTURES),
    place: stream.pick(PLACES),
  };
  return {
    factors,
    caption: caption(factors, use('caption')),
    render: (size = DEFAULT_SIZE) => render(factors, use('picture'), size),
  };
}

function caption(factors: ShapeFactors, random: Random): string {
  const { kind, colour, size, texture, place } = factors;
  const count = Number(factors.count);
  const subject = `${NUMBERS[count]} ${size} ${colour} ${kind}${count > 1 ? 's' : ''}`;
  const where = place === 'centre' ? 'in the centre' : `on the ${place}`;
  const ground = `a ${texture} background`;
  return random.pick([
    `${subject} on ${ground}, ${place}`,
    `${subject} ${where}, ${texture} background`,
    `a picture of ${subject} ${where} of ${ground}`,
    `${ground} with ${subject} ${where}`,
    `${subject} on ${ground}`,
  ]);
}

function render(factors: ShapeFactors, random: Random, size: number): RasterImage {
  const layer = layers(random);
  const ground = layer('ground');
  const hue: Colour = [between(ground, 0.45, 0.75), between(ground, 0.45, 0.75), between(ground, 0.45, 0.75)];
  const canvas = new Canvas(size, 3, hue);
  const cells = between(ground, 5, 8);
  const angle = between(ground, 0, Math.PI);
  const wave = (t: number): number => Math.max(-1, Math.min(1, 3 * Math.sin(2 * Math.PI * t)));
  const fields = {
    plain: () => 0,
    striped: (x: number, y: number) => wave(cells * (x * Math.cos(angle) + y * Math.sin(angle))),
    dotted: (x: number, y: number) => (wave(cells * x) + wave(cells * y) > 1 ? 1 : -0.3),
    checkered: (x: number, y: number) => wave((cells / 2) * x) * wave((cells / 2) * y),
    cloudy: smoothNoise(ground, 6),
  };
  canvas.addField(fields[factors.texture], [0.14, 0.14, 0.14]);

  const count = Number(factors.count);
  const stream = layer('shapes');
  const radius = (factors.size === 'large' ? 0.165 : 0.09) * (count === 3 ? 0.85 : 1);
  const centre = {
    x:
      (factors.place.endsWith('left') ? 0.3 : factors.place.endsWith('right') ? 0.7 : 0.5) +
      between(stream, -0.03, 0.03),
    y:
      (factors.place.startsWith('upper') ? 0.3 : factors.place.startsWith('lower') ? 0.7 : 0.5) +
      between(stream, -0.03, 0.03),
  };
  const turn = between(stream, 0, 2 * Math.PI);
  for (let i = 0; i < count; i++) {
    const spread = count === 1 ? 0 : radius * (count === 2 ? 1.1 : 1.3);
    const theta = turn + (2 * Math.PI * i) / count;
    const position = { x: centre.x + spread * Math.cos(theta), y: centre.y + spread * Math.sin(theta) };
    canvas.paint(outline(factors.kind, position, radius, between(stream, -0.2, 0.2)), COLOURS[factors.colour]);
  }
  canvas.grain(layer('film'), 0.015);
  return canvas.toImage();
}

function outline(kind: ShapeFactors['kind'], centre: Point, radius: number, tilt: number): Shape {
  const corners = (count: number, start: number, reach: number) =>
    polygon(
      Array.from({ length: count }, (_, i) => {
        const theta = start + (2 * Math.PI * i) / count;
        return { x: centre.x + reach * Math.cos(theta), y: centre.y + reach * Math.sin(theta) };
      }),
    );
  switch (kind) {
    case 'circle':
      return ellipse({ ...centre, rx: radius });
    case 'ring':
      return ellipse({ ...centre, rx: radius * 0.82, outline: radius * 0.4 });
    case 'square':
      return corners(4, Math.PI / 4 + tilt, radius * 1.2);
    case 'diamond':
      return polygon([
        { x: centre.x, y: centre.y - radius * 1.3 },
        { x: centre.x + radius * 0.75, y: centre.y },
        { x: centre.x, y: centre.y + radius * 1.3 },
        { x: centre.x - radius * 0.75, y: centre.y },
      ]);
    case 'triangle':
      return corners(3, -Math.PI / 2 + tilt, radius * 1.2);
  }
}
