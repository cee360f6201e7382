import type { RepresentInput, ResolvedMethod } from '../contracts/method.js';
import type { Settings } from '../contracts/settings.js';
import type { TensorMap } from '../contracts/tensors.js';
import { type AnyMethod, pluginMetadata } from '../decorators.js';
import { MedbenchError } from '../errors.js';
import { describePlugin } from '../origin.js';
import { type ResolvedObjective, sumObjectives } from './sum.js';

export interface ComposeOptions {
  readonly method: AnyMethod;
  /** By id: at least those that the method uses. */
  readonly objectives: ReadonlyMap<string, ResolvedObjective>;
  /** What messages call it. Default: its class, with the package where that is known. */
  readonly name?: string;
}

/** What a method that is a sum leaves to its objectives. */
const OBJECTIVE_MEMBERS = ['parameters', 'inputs', 'represent', 'objective'] as const;

/** The embeddings of both towers: what a method's objective is given where it does not represent anything itself. */
const embeddings = ({ model, parameters, batch }: RepresentInput): TensorMap => ({
  image: model.encodeImage(parameters, batch.images).embedding,
  text: model.encodeText(parameters, batch.ids).embedding,
});

/**
 * A method as training runs it: the sum of its objectives, or what it writes itself, and the defaults of the rest.
 * @throws MedbenchError('plugin') if it is neither a sum nor has an objective, or both. What is wrong with a sum is
 *   thrown where it is first asked for something: ('plugin') for a bad weight or an objective that is not loaded,
 *   ('config') for bad settings.
 */
export function composeMethod({ method, objectives, name = describePlugin(method) }: ComposeOptions): ResolvedMethod {
  const { start } = method;
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
      phases,
      frozen: (model, settings) => [
        ...new Set([...(method.frozen?.(model, settings) ?? []), ...idle(model, settings)]),
      ],
      teacher: (settings) => (method.teacher ? method.teacher(settings) : sum.teacher(settings)),
    };
  }
  if (!method.objective) {
    throw new MedbenchError('plugin', `${name} has neither objectives() nor objective()`, {
      hint: "Write objectives() { return [use('clip')]; }, or objective() with a loss of its own.",
    });
  }
  return {
    label: name,
    start,
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
 * Objectives by id, of decorated classes that need no services: for tests and scripts, where nothing is discovered.
 * @param exported what a module exports: `import * as objectives from '@medbench/objectives/plugin'`.
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
