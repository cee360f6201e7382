import { existsSync, readFileSync } from 'node:fs';
import { type Activation, MedbenchError, type ModelRequest, type ModelSettings } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { type Config, RunLayout, resolveMethod, selectRows } from '@medbench/runner';
import type { BuiltModel } from '@medbench/training';
import { findPlugins, openRegistry } from '../workspace.js';

/** The towers of a row, made from those of its run, if a method of the run asks for it. */
async function rowTowers(
  row: string,
  config: Config,
  { registry, catalogue }: { readonly registry: Registry; readonly catalogue: Catalogue },
): Promise<Pick<ModelRequest, 'towers'>> {
  const rows = config.methods.length > 0 ? selectRows(catalogue, config.methods, config.methodSettings) : [];
  const found = rows.find(({ id }) => id === row);
  if (!found) return {};
  const { method } = await resolveMethod(registry, found.entry, found.settings);
  return { towers: (model) => method.towers(model, found.settings) };
}

/** The settings in the `run.json` of a run; undefined without one. */
export function readRunConfig(dir: string): Config | undefined {
  const path = new RunLayout(dir).run;
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly config: Config }).config;
}

/** Builds the towers of a row from the settings in the `run.json` of its run. */
export async function buildRowModel(
  dir: string,
  row: string,
  activation: Activation,
): Promise<{ readonly built: BuiltModel; readonly settings: ModelSettings }> {
  const config = readRunConfig(dir);
  if (!config) {
    throw new MedbenchError('usage', `${dir} has no run.json, which describes its towers`, {
      hint: 'Name the folder of a run.',
    });
  }
  const { buildModel } = await import('@medbench/training');
  const cwd = process.cwd();
  const catalogue = await findPlugins(cwd, config.plugins);
  const registry = await openRegistry({ cwd, catalogue });
  const settings = { ...config.model, activation };
  const [image, text] = await Promise.all([
    registry.get('encoder', config.encoders.image),
    registry.get('encoder', config.encoders.text),
  ]);
  const own = await rowTowers(row, config, { registry, catalogue });
  return { built: await buildModel({ image, text, model: settings, ...own }), settings };
}
