/** A position in a plot, in pixels. */
export interface PixelPlace {
  readonly x: number;
  readonly y: number;
}

/** The area of a plot that labels must stay in, in pixels. */
export interface PlotFrame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Height of a line of text in pixels, including the space above and below its letters. */
const LINE_HEIGHT = 14;
/**
 * Distances in pixels between a dot and its label, in the order in which they are tried; `DIRECTIONS` angles at each.
 */
const DISTANCES = [11, 16, 22, 29, 37, 46];
const DIRECTIONS = 16;

/**
 * Places the labels of dots. No label overlaps another label or a dot, or leaves the frame. Dots are labelled in order;
 * each label gets the nearest free place.
 * @param dots centres; `width` of each label in pixels. @param radius of the dots.
 * @returns the centre of each label; undefined if there is no room for it.
 */
export function placeLabels(
  dots: readonly (PixelPlace & { readonly width: number })[],
  frame: PlotFrame,
  radius: number,
): (PixelPlace | undefined)[] {
  const placed: (PixelPlace & { readonly width: number })[] = [];
  const free = ({ x, y }: PixelPlace, width: number): boolean => {
    const half = width / 2;
    if (x - half < frame.left || x + half > frame.right) return false;
    if (y - LINE_HEIGHT / 2 < frame.top || y + LINE_HEIGHT / 2 > frame.bottom) return false;
    const onDot = dots.some((dot) => Math.abs(dot.x - x) < half + radius && Math.abs(dot.y - y) < 5 + radius);
    return !(
      onDot ||
      placed.some((other) => Math.abs(other.x - x) < half + other.width / 2 && Math.abs(other.y - y) < LINE_HEIGHT)
    );
  };
  return dots.map(({ x, y, width }) => {
    for (const distance of DISTANCES) {
      for (let i = 0; i < DIRECTIONS; i++) {
        const angle = (2 * Math.PI * i) / DIRECTIONS;
        const place = { x: x + distance * Math.cos(angle), y: y - distance * Math.sin(angle) };
        if (!free(place, width)) continue;
        placed.push({ ...place, width });
        return place;
      }
    }
    return undefined;
  });
}
