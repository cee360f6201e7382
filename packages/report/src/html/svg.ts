import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { oneLine } from '../format.js';
import { Markup } from './escape.js';

const GEOMETRY = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'width', 'height', 'points'];

/** Draws a plot as inline SVG for the report: one image with one label, geometry rounded to hundredths of a pixel. */
export function drawSvg(label: string, options: Plot.PlotOptions): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({ ...options, document, figure: false });
  // The style sheet of the page does this for all plots at once.
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const element of svg.querySelectorAll('*')) {
    element.removeAttribute('aria-label');
    element.removeAttribute('aria-hidden');
    for (const name of GEOMETRY) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replaceAll(/(\.\d\d)\d+/g, '$1'));
    }
  }
  svg.removeAttribute('class');
  svg.setAttribute('font-size', '12');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', oneLine(label));
  return new Markup(svg.outerHTML);
}

/** Width of all plots in pixels: read at full size on a phone, side by side on a desk. */
export const PLOT_WIDTH = 360;

/** About how many ticks an axis of that width has room for. */
export const TICKS = 4;
