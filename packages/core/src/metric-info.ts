import type { MetricInfo } from './contracts/index.js';

/** Names are compared in lower case with `-` and `_` read as spaces. */
const normaliseName = (name: string): string => name.toLowerCase().replaceAll(/[-_\s]+/g, ' ');

const PLACEHOLDER = /\{(\w+)\}/g;

/**
 * What is said of a metric, looked up by its name whatever its spelling (`balanced-accuracy`, `Balanced accuracy`). Parts of
 * the name in braces, such as `recall_{class}`, stand for anything, and are filled into the description.
 * @returns undefined if no name fits.
 */
export function metricInfo(metrics: Readonly<Record<string, MetricInfo>>, name: string): MetricInfo | undefined {
  for (const [pattern, info] of Object.entries(metrics)) {
    const placeholders = [...pattern.matchAll(PLACEHOLDER)].map(([, placeholder]) => placeholder!);
    const literals = pattern.split(/\{\w+\}/).map((text) => normaliseName(text).replaceAll(/[^\w\s]/g, '\\$&'));
    const match = new RegExp(`^${literals.join('(.+)')}$`).exec(normaliseName(name));
    if (!match) continue;
    const description = info.description.replaceAll(
      PLACEHOLDER,
      (token, placeholder: string) => match[placeholders.indexOf(placeholder) + 1] ?? token,
    );
    return { ...info, description };
  }
  return undefined;
}
