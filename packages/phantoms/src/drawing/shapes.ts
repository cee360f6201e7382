/**
 * A soft-edged region of the unit square: x grows to the right, y downwards, both in 0..1. `coverage` is 0 outside, 1
 * inside and between 0 and 1 at the edge. It is called only for points within the bounds.
 */
export interface Shape {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  coverage(x: number, y: number): number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Default width of an edge: about one pixel of a 48-pixel image, so that edges are antialiased at that size. */
export const EDGE = 0.022;

const fromDistance = (distance: number, edge: number): number => {
  return Math.max(0, Math.min(1, 0.5 - distance / edge));
};

export interface EllipseOptions {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  /** Default: the value of `rx`. */
  readonly ry?: number;
  /** Radians, clockwise. */
  readonly angle?: number;
  /** Width of the soft edge. */
  readonly edge?: number;
  /** Harmonics of the radius, from the second upwards: amplitude relative to the radius, and phase. */
  readonly harmonics?: readonly (readonly [amplitude: number, phase: number])[];
  /** Width of the outline; if positive, only the outline is drawn. */
  readonly outline?: number;
}

/** An ellipse, a blob (an ellipse with `harmonics`) or the outline of either. */
export function ellipse(options: EllipseOptions): Shape {
  const { x: cx, y: cy, rx, ry = rx, angle = 0, edge = EDGE, harmonics = [], outline = 0 } = options;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const scale = Math.min(rx, ry);
  const ripple = harmonics.reduce((sum, [amplitude]) => sum + Math.abs(amplitude), 0);
  const reachX = Math.hypot(rx * cos, ry * sin) * (1 + ripple) + edge + outline;
  const reachY = Math.hypot(rx * sin, ry * cos) * (1 + ripple) + edge + outline;
  // Beyond these radii no edge is near, so the costly angle is not computed there.
  const margin = ripple + (edge + outline) / 2 / scale;
  const inner = Math.max(0, 1 - margin) ** 2;
  const outer = (1 + margin) ** 2;
  return {
    left: cx - reachX,
    right: cx + reachX,
    top: cy - reachY,
    bottom: cy + reachY,
    coverage(x, y) {
      const u = ((x - cx) * cos + (y - cy) * sin) / rx;
      const v = ((y - cy) * cos - (x - cx) * sin) / ry;
      const squared = u * u + v * v;
      if (squared >= outer) return 0;
      if (squared <= inner) return outline > 0 ? 0 : 1;
      let radius = 1;
      if (ripple > 0) {
        const theta = Math.atan2(v, u);
        for (let k = 0; k < harmonics.length; k++) {
          radius += harmonics[k]![0] * Math.cos((k + 2) * theta + harmonics[k]![1]);
        }
      }
      const distance = (Math.sqrt(squared) - radius) * scale;
      return fromDistance(outline > 0 ? Math.abs(distance) - outline / 2 : distance, edge);
    },
  };
}

/** A polyline of the given width with round ends; `taper` is the width at its end relative to that at its start. */
export function stroke(
  points: readonly Point[],
  width: number,
  options: { edge?: number; taper?: number } = {},
): Shape {
  const { edge = EDGE, taper = 1 } = options;
  const reach = width / 2 + edge;
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const segments = points.slice(1).map((b, i) => {
    const a = points[i]!;
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    return { x: a.x, y: a.y, dx, dy, inverse: 1 / (dx * dx + dy * dy || 1) };
  });
  const slope = (taper - 1) / segments.length;
  return {
    left: Math.min(...xs) - reach,
    right: Math.max(...xs) + reach,
    top: Math.min(...ys) - reach,
    bottom: Math.max(...ys) + reach,
    coverage(x, y) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let i = 0; i < segments.length; i++) {
        const segment = segments[i]!;
        const px = x - segment.x;
        const py = y - segment.y;
        const along = Math.max(0, Math.min(1, (px * segment.dx + py * segment.dy) * segment.inverse));
        const ex = px - along * segment.dx;
        const ey = py - along * segment.dy;
        const squared = ex * ex + ey * ey;
        if (squared >= reach * reach) continue;
        const distance = Math.sqrt(squared) - (width / 2) * (1 + (i + along) * slope);
        if (distance < nearest) nearest = distance;
      }
      return fromDistance(nearest, edge);
    },
  };
}

/** Points of the quadratic Bezier curve from `a` to `b` with control point `c`. */
export function curve(a: Point, c: Point, b: Point, segments = 6): Point[] {
  return Array.from({ length: segments + 1 }, (_, i) => {
    const t = i / segments;
    const [p, q, r] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return { x: p * a.x + q * c.x + r * b.x, y: p * a.y + q * c.y + r * b.y };
  });
}

/** A Gaussian bell of standard deviations `sx` and `sy`, cut off at 2.5 standard deviations. */
export function glow(x: number, y: number, sx: number, sy = sx): Shape {
  return {
    left: x - 2.5 * sx,
    right: x + 2.5 * sx,
    top: y - 2.5 * sy,
    bottom: y + 2.5 * sy,
    coverage: (px, py) => {
      const squared = ((px - x) / sx) ** 2 + ((py - y) / sy) ** 2;
      return squared > 6.25 ? 0 : Math.exp(-squared / 2);
    },
  };
}

/** A convex polygon; its corners are given clockwise (y points down). */
export function polygon(points: readonly Point[], edge = EDGE): Shape {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const sides = points.map((a, i) => {
    const b = points[(i + 1) % points.length]!;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    return { a, nx: (b.y - a.y) / length, ny: -(b.x - a.x) / length };
  });
  return {
    left: Math.min(...xs) - edge,
    right: Math.max(...xs) + edge,
    top: Math.min(...ys) - edge,
    bottom: Math.max(...ys) + edge,
    coverage(x, y) {
      let distance = Number.NEGATIVE_INFINITY;
      for (const { a, nx, ny } of sides) distance = Math.max(distance, (x - a.x) * nx + (y - a.y) * ny);
      return fromDistance(distance, edge);
    },
  };
}

/** The shape with its coverage multiplied by `field`. */
export function masked(shape: Shape, field: (x: number, y: number) => number): Shape {
  return {
    ...shape,
    coverage: (x, y) => {
      const inside = shape.coverage(x, y);
      return inside === 0 ? 0 : inside * field(x, y);
    },
  };
}

/** The part of `shape` that lies outside `hole`. */
export function without(shape: Shape, hole: Shape): Shape {
  return masked(shape, (x, y) => 1 - hole.coverage(x, y));
}
