import type { RepresentInput, ResolvedMethod } from '../contracts/method.js';
import type { Settings } from '../contracts/settings.js';
import type { TensorMap } from '../contracts/tensors.js';
import { type AnyMethod, pluginMetadata } from '../decorators.js';
import { MedbenchError } from '../errors.js';
import { describePlugin } from '../origin.js';
import { type ResolvedObjective, sumObjectives } from './sum.js';

/** Options of `composeMethod`. */
export interface ComposeOptions {
  readonly method: AnyMethod;
  /** Objectives by id. They must include those that the method uses. */
  readonly objectives: ReadonlyMap<string, ResolvedObjective>;
  /** Name of the method in messages. Default: its class, with the package if that is known. */
  readonly name?: string;
}

/** Members that a method must not have if it is a sum, because its objectives provide them. */
const OBJECTIVE_MEMBERS = ['parameters', 'inputs', 'represent', 'objective'] as const;

/** Embeds a batch with both towers: the default of `represent`. */
const embeddings = ({ model, parameters, batch }: RepresentInput): TensorMap => ({
  image: model.encodeImage(parameters, batch.images).embedding,
  text: model.encodeText(parameters, batch.ids).embedding,
});

/**
 * Turns a method into the form that training runs: combines its objectives and fills in the defaults of optional
 * members.
 * @throws MedbenchError('plugin') if the method has neither `objectives` nor `objective`, or has both. Faults of a sum
 *   are thrown when one of its members is first called: ('plugin') for a bad weight or an objective that is not loaded,
 *   ('config') for bad settings.
 */
export function composeMethod({ method, objectives, name = describePlugin(method) }: ComposeOptions): ResolvedMethod {
  const { start } = method;
  const towers: ResolvedMethod['towers'] = (model, settings) => method.towers?.(model, settings) ?? model;
  const phases: ResolvedMethod['phases'] = (settings) => method.phases?.(settings) ?? [{ share: 1, settings }];
  if (method.objectives) {
    const conflict = OBJECTIVE_MEMBERS.find((member) => method[member]);
    if (conflict) {
      throw new MedbenchError('plugin', `${name} has both objectives() and ${conflict}()`, {
        hint: `Leave ${conflict}() to the objectives of its sum, or write represent() and objective() without a sum.`,
      });
    }
    const listUses = (settings: Settings) => method.objectives!(settings);
    const { idle, ...sum } = sumObjectives(listUses, objectives, name);
    return {
      ...sum,
      label: name,
      start,
      towers,
      phases,
      frozen: (model, settings) => [
        ...new Set([...(method.frozen?.(model, settings) ?? []), ...idle(model, settings)]),
      ],
      teacher: (settings) => (method.teacher ? method.teacher(settings) : sum.teacher(settings)),
    };
  }
  if (!method.objective) {
    throw new MedbenchError('plugin', `${name} has neither objectives() nor objective()`, {
      hint: "Write objectives() { return [use('clip')]; }, or an objective() that computes the loss.",
    });
  }
  return {
    label: name,
    start,
    towers,
    phases,
    frozen: (model, settings) => method.frozen?.(model, settings) ?? [],
    parameters: (model, settings) => method.parameters?.(model, settings) ?? [],
    inputs: (model, settings) => method.inputs?.(model, settings) ?? {},
    teacher: (settings) => method.teacher?.(settings) ?? null,
    represent: (input) => (method.represent ? method.represent(input) : embeddings(input)),
    objective: (input) => method.objective!(input),
  };
}

/**
 * Instantiates the decorated objectives among the exports of a module, for tests and scripts that do not discover
 * plugins. Their constructors must not ask for services.
 * @param exported the module: `import * as objectives from '@medbench/objectives/plugin'`.
 * @returns objectives by id.
 */
export function objectivesFrom(exported: Readonly<Record<string, unknown>>): ReadonlyMap<string, ResolvedObjective> {
  return new Map(
    Object.values(exported).flatMap((value) => {
      const metadata = pluginMetadata(value);
      if (metadata?.kind !== 'objective') return [];
      const { info } = metadata as { readonly info: ResolvedObjective['info'] };
      const Class = value as new () => ResolvedObjective['instance'];
      return [[info.id, { info, instance: new Class() }] as const];
    }),
  );
}
