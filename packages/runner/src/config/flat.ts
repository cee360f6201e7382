import type { Config } from './schema.js';

/** Flattens the settings into one record (`training.steps: 600`), for `results.json`. */
export function flatSettings(config: Config): Record<string, string | number | boolean> {
  const flat: Record<string, string | number | boolean> = {};
  const walk = (path: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, child] of Object.entries(value)) walk(path ? `${path}.${key}` : key, child);
    } else {
      flat[path] =
        typeof value === 'number' || typeof value === 'boolean'
          ? value
          : Array.isArray(value)
            ? value.join(',')
            : String(value);
    }
  };
  // Where a run computes, and who is told, is not part of what it computes.
  const { launcher: _, trackers: __, tracker: ___, ...settings } = config;
  walk('', settings);
  return flat;
}
