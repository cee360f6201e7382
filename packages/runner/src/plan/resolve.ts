import type { AnyMethod, ResolvedMethod, Settings } from '@medbench/core';
import { describePlugin, isMedbenchError, MedbenchError } from '@medbench/core';
import { type CatalogueEntry, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { isSum, sumMethod } from './sum.js';

/** The method of a row, ready to train, and the objectives that it uses. */
export interface ResolvedRow {
  readonly method: ResolvedMethod;
  /**
   * The objectives that the method is a sum of. Like a new version of the method's package, a new version of theirs may
   * change the figures of the row.
   */
  readonly objectives: readonly CatalogueEntry<'objective'>[];
}

/** Returns the ids of the objectives that a method uses in any of its phases, sorted. */
function objectiveIds(method: AnyMethod, settings: Settings): string[] {
  const settingsByPhase = [settings, ...(method.phases?.(settings) ?? []).map((phase) => phase.settings)];
  const uses = settingsByPhase.flatMap((phaseSettings) => method.objectives?.(phaseSettings) ?? []);
  return [...new Set(uses.filter(({ weight }) => weight !== 0).map(({ objective }) => objective))].sort();
}

/**
 * Loads the method of a row and composes it with its objectives. Objectives are looked up nowhere else.
 * @throws MedbenchError('unknown-id') for an objective that does not exist; ('plugin') if a package does not load, or
 *   if its method has neither `objectives` nor an `objective` of its own.
 */
export async function resolveMethod(
  registry: Registry,
  entry: CatalogueEntry<'method'>,
  settings: Settings,
): Promise<ResolvedRow> {
  // Imported only here: it imports TensorFlow.js, which a listing must not wait for.
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

/** Looks up an objective. @throws MedbenchError('unknown-id') that names the method that uses it. */
function findObjective(registry: Registry, method: CatalogueEntry<'method'>, id: string): CatalogueEntry<'objective'> {
  try {
    return findEntry(registry.catalogue, 'objective', id);
  } catch (error) {
    if (!isMedbenchError(error)) throw error;
    const { message, hint } = error;
    throw new MedbenchError(error.code, `${message}, used by the method ${method.id} of ${method.package.name}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}
