import type { AnyMethod, ResolvedMethod, Settings } from '@medbench/core';
import { describePlugin, isMedbenchError, MedbenchError } from '@medbench/core';
import { type CatalogueEntry, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { isSum, sumMethod } from './sum.js';

/** The method of a row, ready to train. */
export interface ResolvedRow {
  readonly method: ResolvedMethod;
  /** What it is a sum of: a new version of their packages may change the row's figures, as one of the method's may. */
  readonly objectives: readonly CatalogueEntry<'objective'>[];
}

/** Ids of the objectives that a method uses in any of its phases. */
function objectiveIds(method: AnyMethod, settings: Settings): string[] {
  const settingsByPhase = [settings, ...(method.phases?.(settings) ?? []).map((phase) => phase.settings)];
  const uses = settingsByPhase.flatMap((phaseSettings) => method.objectives?.(phaseSettings) ?? []);
  return [...new Set(uses.filter(({ weight }) => weight !== 0).map(({ objective }) => objective))].sort();
}

/**
 * Puts together the method of a row: the one place where objectives are looked up.
 * @throws MedbenchError('unknown-id') for an objective that does not exist; ('plugin') if a package does not load, or its
 *   method is neither a sum nor has an objective of its own.
 */
export async function resolveMethod(
  registry: Registry,
  entry: CatalogueEntry<'method'>,
  settings: Settings,
): Promise<ResolvedRow> {
  // When it is needed, since it imports TensorFlow.js: a listing must not wait for that.
  const { composeMethod } = await import('@medbench/core/methods');
  const method = isSum(entry) ? sumMethod(settings) : await registry.get('method', entry.id);
  const name = isSum(entry) ? `The row ${entry.id}` : describePlugin(method);
  const objectives = objectiveIds(method, settings).map((id) => findObjective(registry, entry, id));
  const instances = await Promise.all(
    objectives.map(async ({ id, info }) => [id, { info, instance: await registry.get('objective', id) }] as const),
  );
  return {
    method: composeMethod({ method, objectives: new Map(instances), name }),
    objectives,
  };
}

/** @throws MedbenchError('unknown-id') that says which method asks for it. */
function findObjective(registry: Registry, method: CatalogueEntry<'method'>, id: string): CatalogueEntry<'objective'> {
  try {
    return findEntry(registry.catalogue, 'objective', id);
  } catch (error) {
    if (!isMedbenchError(error)) throw error;
    const { message, hint } = error;
    throw new MedbenchError(
      error.code,
      `${message}, of which the method ${method.id} of ${method.package.name} is a sum`,
      {
        ...(hint === undefined ? {} : { hint }),
        cause: error,
      },
    );
  }
}
