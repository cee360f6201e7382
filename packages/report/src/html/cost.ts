import type { RunResults, TrainingRecord } from '@medbench/core';
import { energyEstimate } from '../energy.js';
import { formatBytes, formatCount, formatEnergy, formatSeconds } from '../format.js';
import type { ResultTable } from '../model.js';
import { costPlots } from './cost-plots.js';
import { TERMS } from './definition.js';
import { html, type Markup } from './escape.js';
import { numberHead, scrollable } from './results-table.js';
import { formatLoss, groupByMethod, methodTitle } from './training.js';

/** Explains how energy was estimated. */
function energySentence(training: readonly TrainingRecord[]): string {
  const estimates = training.map(energyEstimate);
  const watts = [...new Set(estimates.flatMap(({ from, watts: power }) => (from === 'assumed' ? [power] : [])))];
  const counted = estimates.some(({ from }) => from === 'counters');
  const sources = [
    ...(counted
      ? ['the increase of the counters of the processor packages (RAPL), which includes everything else that ran']
      : []),
    ...(watts.length > 0
      ? [`${watts.join(' or ')} W assumed for the processor (MEDBENCH_WATTS) times the seconds of training`]
      : []),
  ];
  return `Energy is an estimate: ${sources.join('; or ')}.`;
}

/** The section with the cost of each training, and plots of quality against cost; undefined if nothing was trained. */
export function costSection(results: RunResults, table: ResultTable): Markup | undefined {
  const { training } = results;
  if (training.length === 0) return undefined;
  const number = (value: number | null | undefined, text: string): Markup =>
    html`<td class="number" data-value="${value ?? ''}">${text}</td>`;
  const severalSeeds = training.some(({ seed }) => seed !== training[0]!.seed);
  const generalWeights = results.run.settings['general.weights'] !== undefined;
  const heads = [
    ...(severalSeeds ? ([['Seed', 'Training seed of the row.']] as const) : []),
    ['Time', TERMS.seconds],
    ['Energy, estimate', TERMS.energy],
    ['Peak memory', TERMS.memory],
    ['Trainable parameters', TERMS.trainable],
    ['All parameters', TERMS.total],
    ['Steps', TERMS.steps],
    ['Final loss', TERMS.loss],
  ] as const;
  const rows = groupByMethod(results)
    .flat()
    .map((record) => {
      const { method, seed, seconds, steps, parameters, peakMemory, finalLoss } = record;
      const { joules } = energyEstimate(record);
      return html`<tr><th scope="row"><bdi>${methodTitle(results, method)}</bdi></th>${severalSeeds && number(seed, String(seed))}${number(
        seconds,
        formatSeconds(seconds),
      )}${number(joules, formatEnergy(joules))}${number(
        peakMemory,
        peakMemory === undefined ? '—' : formatBytes(peakMemory),
      )}${number(parameters.trainable, formatCount(parameters.trainable))}${number(
        parameters.total,
        formatCount(parameters.total),
      )}${number(steps, formatCount(steps))}${number(finalLoss, formatLoss(finalLoss))}</tr>\n`;
    });
  return html`<section><h2>Cost and quality</h2>
<p>Time covers training only, on backend ${results.run.backend}. It excludes evaluation${generalWeights && ' and the general-domain weights, which are trained once for all rows'}.
${energySentence(training)} Memory is the highest resident memory of the whole process between two steps.</p>
${scrollable(
  'Cost of training',
  html`<table class="sortable">
<caption><span>Cost of training, one line for each row${severalSeeds && ' and seed'}.</span></caption>
<thead><tr><th scope="col" class="corner">Method</th>${heads.map(([head, definition], i) => numberHead(head, definition, i + 1))}</tr></thead>
<tbody>
${rows}</tbody></table>`,
)}
${costPlots(results, table)}</section>
`;
}
