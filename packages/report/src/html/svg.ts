import { createHash } from 'node:crypto';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { oneLine } from '../format.js';
import { Markup } from './escape.js';

const GEOMETRY = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'width', 'height', 'points'];

/** Texts of a plot for readers who cannot see it. */
export interface PlotLabel {
  /** The subject of the plot, in a few words. */
  readonly title: string;
  /** The numbers of the plot, so that the image is not their only source. */
  readonly description?: string;
}

/**
 * Draws a plot as inline SVG for the report: one image with a title and a description, geometry rounded to hundredths
 * of a pixel.
 */
export function drawSvg(label: string | PlotLabel, options: Plot.PlotOptions): Markup {
  const { title, description } = typeof label === 'string' ? { title: label } : label;
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
  const id = `plot-${createHash('sha256').update(`${title}\n${description}`).digest('hex').slice(0, 10)}`;
  const addText = (name: 'title' | 'desc', text: string): void => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    element.setAttribute('id', `${id}-${name}`);
    element.textContent = oneLine(text);
    svg.prepend(element);
  };
  if (description !== undefined) {
    addText('desc', description);
    svg.setAttribute('aria-describedby', `${id}-desc`);
  }
  addText('title', title);
  svg.setAttribute('aria-labelledby', `${id}-title`);
  return new Markup(svg.outerHTML);
}

/** Width of all plots in pixels: fits a phone at full size, and several fit side by side on a desktop screen. */
export const PLOT_WIDTH = 360;

/** Approximate number of ticks that fit an axis of this width. */
export const TICKS = 4;

/** Letters of scripts other than Latin, which are wider. */
const WIDE = /(?!\p{Script=Latin})\p{L}/gu;

/** Number of Latin characters that take about as much room as a label. */
export const labelLength = (text: string): number => [...text].length + (text.match(WIDE)?.length ?? 0);

/** Untrusted text as a label that takes no more room than `length` Latin characters. */
export function cutLabel(text: string, length: number): string {
  let label = oneLine(text, length);
  for (let most = length - 1; most > 0 && labelLength(label) > length; most--) label = oneLine(text, most);
  return label;
}
