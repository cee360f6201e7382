import type { MetricInfo } from './contracts/index.js';

/** The form in which metric names are compared: lower case, with `-` and `_` replaced by spaces. */
const normaliseName = (name: string): string => name.toLowerCase().replaceAll(/[-_\s]+/g, ' ');

const PLACEHOLDER = /\{(\w+)\}/g;

/**
 * Looks up the description of a metric by its name in any spelling (`balanced-accuracy`, `Balanced accuracy`). A
 * placeholder in braces, as in `recall_{class}`, matches any text, which is then filled into the description.
 * @returns undefined if no name matches.
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
