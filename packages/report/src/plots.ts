import type { RunResults, TrackedPlot } from '@medbench/core';
import { rankDiagram } from './html/rank-diagram.js';
import { resultTable } from './model.js';

/** Colours of a plot outside the page, whose style sheet it does not have. */
const STYLE = 'svg { --accent: #0b5cad; color: #1b1f24; font-family: system-ui, sans-serif; background: #fff }';
const LABEL = 'Generated data (phantoms): no figure says anything about real images';
const LABEL_HEIGHT = 20;

/** Makes an image of the page a document of its own. */
function toDocument(svg: string, generated: boolean): string {
  const size = (name: string): number => Number(new RegExp(`^<svg[^>]* ${name}="([\\d.]+)"`).exec(svg)?.[1] ?? 0);
  const [width, height] = [Math.max(size('width'), generated ? 420 : 0), size('height')];
  const label = `<text x="4" y="${height + 14}" font-size="11" fill="#b3261e">${LABEL}</text>`;
  const whole = height + (generated ? LABEL_HEIGHT : 0);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}">` +
    `<style>${STYLE}</style>${svg}${generated ? label : ''}</svg>\n`
  );
}

/**
 * Draws the plots of the report that trackers show: the average ranks of the methods. The losses are curves there already. They
 * are made of figures alone, so that they show no images and no texts of the data.
 */
export function renderPlots(results: RunResults): TrackedPlot[] {
  const ranks = rankDiagram(resultTable(results));
  if (!ranks) return [];
  const generated = results.run.synthetic;
  return [{ name: 'ranks', title: 'Average ranks', generated, svg: toDocument(ranks.text, generated) }];
}
