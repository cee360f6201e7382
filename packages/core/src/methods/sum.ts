import * as tf from '@tensorflow/tfjs-core';
import type { DualEncoderModel } from '../contracts/encoder.js';
import type { ObjectiveOutput, ObjectiveUse, ResolvedMethod } from '../contracts/method.js';
import type { ObjectiveInfo } from '../contracts/objective.js';
import type { Settings } from '../contracts/settings.js';
import type { TensorMap } from '../contracts/tensors.js';
import type { AnyObjective } from '../decorators.js';
import { MedbenchError } from '../errors.js';
import { describePlugin } from '../origin.js';
import { resolveSettings } from '../settings/index.js';
import { callPlugin, checkedOutput, checkRepresentations } from './check-output.js';
import { addPrefix, ownEntries, prefixSpec, visibleEntries } from './names.js';
import { sharedTowers } from './towers.js';

/** An objective that a sum may use: its info and its instance. */
export interface ResolvedObjective {
  readonly info: ObjectiveInfo;
  readonly instance: AnyObjective;
}

/** A term of a sum, with resolved settings. */
interface SumTerm {
  readonly id: string;
  readonly weight: number;
  readonly settings: Settings;
  readonly objective: AnyObjective;
}

/** The members of a method that its sum of objectives provides. */
export type ObjectiveSum = Pick<ResolvedMethod, 'parameters' | 'inputs' | 'teacher' | 'represent' | 'objective'> & {
  /** Returns names of tower parameters that no objective depends on. */
  idle(model: DualEncoderModel, settings: Settings): readonly string[];
};

/** Describes what is wrong with a weight; undefined if it is valid. */
const weightFault = (weight: unknown): string | undefined =>
  typeof weight === 'number' && Number.isFinite(weight) && weight >= 0
    ? undefined
    : `the weight ${JSON.stringify(weight)}, which is not a number of at least 0`;

/**
 * Resolves the terms of a sum and sorts them by id. Terms are computed and added in this order, so the order in which a
 * method lists its objectives does not change a single bit of the result. Terms of weight 0 are left out.
 * @param methodLabel name of the method in messages.
 */
function resolveTerms(
  uses: readonly ObjectiveUse[],
  objectives: ReadonlyMap<string, ResolvedObjective>,
  methodLabel: string,
): SumTerm[] {
  const seenIds = new Set<string>();
  const terms: SumTerm[] = [];
  for (const { objective: id, weight, settings: overrides } of uses) {
    const fault = seenIds.has(id) ? 'two weights' : weightFault(weight);
    if (fault) throw new MedbenchError('plugin', `${methodLabel} gives the objective "${id}" ${fault}`);
    seenIds.add(id);
    if (weight === 0) continue;
    const resolved = objectives.get(id);
    if (!resolved) throw new MedbenchError('plugin', `${methodLabel} uses the objective "${id}", which is not loaded`);
    terms.push({
      id,
      weight,
      settings: resolveSettings('objective', resolved.info, overrides),
      objective: resolved.instance,
    });
  }
  if (terms.length === 0) throw new MedbenchError('config', `${methodLabel} has no objective whose weight is above 0`);
  return terms.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Computes Σ weight · loss of scalars. A weight of 1 records no multiplication. */
function weightedSum(losses: readonly { readonly weight: number; readonly loss: tf.Scalar }[]): tf.Scalar {
  const [first, second, ...rest] = losses.map(({ weight, loss }) => (weight === 1 ? loss : tf.mul(loss, weight)));
  if (!second) return first as tf.Scalar;
  return (rest.length === 0 ? tf.add(first!, second) : tf.addN([first!, second, ...rest])) as tf.Scalar;
}

/**
 * Finds the momentum of the EMA teacher that the objectives ask for; null if none asks for a teacher.
 * @throws MedbenchError('config') if two objectives ask for different momenta.
 */
function sharedMomentum(terms: readonly SumTerm[], methodLabel: string): number | null {
  const requests = terms.flatMap(({ id, objective, settings }) => {
    const momentum = objective.teacher?.(settings) ?? null;
    return momentum === null ? [] : [{ id, momentum }];
  });
  const [first, other] = [requests[0], requests.find(({ momentum }) => momentum !== requests[0]!.momentum)];
  if (first && other) {
    throw new MedbenchError(
      'config',
      `${methodLabel} has one EMA teacher, but ${first.id} asks for the momentum ${first.momentum} and ${other.id} for ${other.momentum}`,
      { hint: 'Give both the same momentum.' },
    );
  }
  return first?.momentum ?? null;
}

/** Whether the `represent` of an objective depends on the text tower. */
function continuesFromText({ objective, settings }: SumTerm, model: DualEncoderModel): boolean {
  if (!objective.represent) return false;
  const idle = new Set(objective.idle?.(model, settings) ?? []);
  return model.stages('text').some(({ parameters }) => parameters.some((name) => !idle.has(name)));
}

/**
 * Combines a weighted sum of objectives into one objective. Names of parameters, inputs, representations and terms
 * carry the id of their objective as a prefix (`captioning/…`). The towers run once, and the shared embeddings `image`
 * and `text` are computed once.
 * @param listUses returns the sum for the settings of the method.
 * @param methodLabel name of the method in messages.
 */
export function sumObjectives(
  listUses: (settings: Settings) => readonly ObjectiveUse[],
  objectives: ReadonlyMap<string, ResolvedObjective>,
  methodLabel: string,
): ObjectiveSum {
  const termsFor = (settings: Settings): SumTerm[] => resolveTerms(listUses(settings), objectives, methodLabel);
  const viewFor = (sumTerms: readonly SumTerm[], { id }: SumTerm, values: TensorMap): TensorMap =>
    visibleEntries(
      id,
      sumTerms.map((term) => term.id),
      values,
    );
  return {
    idle(model, settings) {
      const [first, ...others] = termsFor(settings).map(
        ({ objective, settings: termSettings }) => new Set(objective.idle?.(model, termSettings) ?? []),
      );
      return [...first!].filter((name) => others.every((other) => other.has(name)));
    },
    parameters: (model, settings) =>
      termsFor(settings).flatMap(({ id, objective, settings: termSettings }) =>
        (objective.parameters?.(model, termSettings) ?? []).map((spec) => {
          const [name, renamed] = prefixSpec(id, spec.name, spec);
          return { ...renamed, name };
        }),
      ),
    inputs: (model, settings) =>
      Object.fromEntries(
        termsFor(settings).flatMap(({ id, objective, settings: termSettings }) =>
          Object.entries(objective.inputs?.(model, termSettings) ?? {}).map(([name, input]) =>
            prefixSpec(id, name, input),
          ),
        ),
      ),
    teacher: (settings) => sharedMomentum(termsFor(settings), methodLabel),
    represent({ model, parameters, batch, settings, teacher }) {
      const sumTerms = termsFor(settings);
      const originals = new Map<TensorMap, TensorMap>();
      const towers = sharedTowers(model, (view) => originals.get(view) ?? view);
      const trackedView = (term: SumTerm, values: TensorMap): TensorMap => {
        const view = viewFor(sumTerms, term, values);
        originals.set(view, values);
        return view;
      };
      const representations: Record<string, tf.Tensor> = {};
      for (const term of sumTerms) {
        const { id, objective, settings: termSettings } = term;
        if (objective.represent) {
          const label = describePlugin(objective);
          const represented = callPlugin(label, 'represent', () =>
            objective.represent!({
              model: towers,
              parameters: trackedView(term, parameters),
              batch: { ...batch, inputs: ownEntries(id, batch.inputs) },
              settings: termSettings,
              ...(teacher ? { teacher: trackedView(term, teacher) } : {}),
            }),
          );
          checkRepresentations(label, represented, batch.images.shape[0]);
          Object.assign(representations, addPrefix(id, represented));
        } else if (!representations.image) {
          const image = towers.encodeImage(parameters, batch.images);
          // A compiled step sums the gradient norm in recording order, so this order decides the last bit of figures.
          if (sumTerms.some((other) => continuesFromText(other, model))) towers.encodeText(parameters, batch.ids);
          representations.image = image.embedding;
          representations.text = towers.encodeText(parameters, batch.ids).embedding;
        }
      }
      return representations;
    },
    objective({ representations, parameters, settings }) {
      const sumTerms = termsFor(settings);
      const outputs = sumTerms.map((term) => ({
        ...term,
        output: checkedOutput(describePlugin(term.objective), 'loss', () =>
          term.objective.loss({
            representations: term.objective.represent
              ? ownEntries(term.id, representations)
              : { image: representations.image!, text: representations.text! },
            parameters: viewFor(sumTerms, term, parameters),
            settings: term.settings,
          }),
        ),
      }));
      return {
        loss: weightedSum(outputs.map(({ weight, output }) => ({ weight, loss: output.loss }))),
        terms: Object.assign(
          {},
          ...outputs.map(({ id, output }) => ({ [id]: output.loss, ...addPrefix(id, output.terms) })),
        ),
        updates: Object.assign({}, ...outputs.map(({ id, output }) => addPrefix(id, output.updates ?? {}))),
      } satisfies ObjectiveOutput;
    },
  };
}
