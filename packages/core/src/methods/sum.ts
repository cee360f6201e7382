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
import { entriesWithPrefix, joint, named, seenBy } from './names.js';
import { sharedTowers } from './towers.js';

/** An objective that a sum may use. */
export interface ResolvedObjective {
  readonly info: ObjectiveInfo;
  readonly instance: AnyObjective;
}

/** A term of a sum. */
interface Term {
  readonly id: string;
  readonly weight: number;
  readonly settings: Settings;
  readonly objective: AnyObjective;
}

/** What a sum says of each of its steps, under given settings. */
export type Sum = Pick<ResolvedMethod, 'parameters' | 'inputs' | 'teacher' | 'represent' | 'objective'> & {
  /** Tower parameters that no objective depends on. */
  idle(model: DualEncoderModel, settings: Settings): readonly string[];
};

/** Where and how a weight is wrong, in words; undefined for a good one. */
const weightFault = (weight: unknown): string | undefined =>
  typeof weight === 'number' && Number.isFinite(weight) && weight >= 0
    ? undefined
    : `the weight ${JSON.stringify(weight)}, which is no number from 0 up`;

/**
 * The terms of a sum in the order of their ids, which is the order in which they are computed and added: a sum is the
 * same to the last bit, however it is written. Terms of weight 0 are left out.
 * @param who the method, for messages.
 */
function termsOf(
  uses: readonly ObjectiveUse[],
  objectives: ReadonlyMap<string, ResolvedObjective>,
  who: string,
): Term[] {
  const seen = new Set<string>();
  const terms: Term[] = [];
  for (const { objective: id, weight, settings: given } of uses) {
    const fault = seen.has(id) ? 'two weights' : weightFault(weight);
    if (fault) throw new MedbenchError('plugin', `${who} gives the objective "${id}" ${fault}`);
    seen.add(id);
    if (weight === 0) continue;
    const found = objectives.get(id);
    if (!found) throw new MedbenchError('plugin', `${who} uses the objective "${id}", which is not loaded`);
    terms.push({ id, weight, settings: resolveSettings('objective', found.info, given), objective: found.instance });
  }
  if (terms.length === 0) throw new MedbenchError('config', `${who} has no objective whose weight is above 0`);
  return terms.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Σ weight · loss, of scalars. A weight of 1 multiplies by nothing. */
function weighted(losses: readonly { readonly weight: number; readonly loss: tf.Scalar }[]): tf.Scalar {
  const [first, second, ...more] = losses.map(({ weight, loss }) => (weight === 1 ? loss : tf.mul(loss, weight)));
  if (!second) return first as tf.Scalar;
  return (more.length === 0 ? tf.add(first!, second) : tf.addN([first!, second, ...more])) as tf.Scalar;
}

/** The one momentum that all agree on; null if none asks for a moving average. */
function sharedMomentum(terms: readonly Term[], who: string): number | null {
  const asked = terms.flatMap(({ id, objective, settings }) => {
    const momentum = objective.teacher?.(settings) ?? null;
    return momentum === null ? [] : [{ id, momentum }];
  });
  const [first, other] = [asked[0], asked.find(({ momentum }) => momentum !== asked[0]!.momentum)];
  if (first && other) {
    throw new MedbenchError(
      'config',
      `${who} keeps one moving average, but ${first.id} asks for the momentum ${first.momentum} and ${other.id} for ${other.momentum}`,
      { hint: 'Give both the same momentum.' },
    );
  }
  return first?.momentum ?? null;
}

/** Whether an objective represents a batch by outputs of the text tower. */
function continuesFromText({ objective, settings }: Term, model: DualEncoderModel): boolean {
  if (!objective.represent) return false;
  const idle = new Set(objective.idle?.(model, settings) ?? []);
  return model.stages('text').some(({ parameters }) => parameters.some((name) => !idle.has(name)));
}

/**
 * A weighted sum of objectives as one objective. Names of parameters, inputs, representations and terms carry the id of
 * their objective (`captioning/…`); the towers run once, and the shared embeddings `image` and `text` exist once.
 * @param usesOf the sum under settings of the method. @param who the method, for messages.
 */
export function sumObjectives(
  usesOf: (settings: Settings) => readonly ObjectiveUse[],
  objectives: ReadonlyMap<string, ResolvedObjective>,
  who: string,
): Sum {
  const terms = (settings: Settings): Term[] => termsOf(usesOf(settings), objectives, who);
  const seen = (all: readonly Term[], { id }: Term, values: TensorMap): TensorMap =>
    seenBy(
      id,
      all.map((term) => term.id),
      values,
    );
  return {
    idle(model, settings) {
      const [first, ...others] = terms(settings).map(
        ({ objective, settings: own }) => new Set(objective.idle?.(model, own) ?? []),
      );
      return [...first!].filter((name) => others.every((other) => other.has(name)));
    },
    parameters: (model, settings) =>
      terms(settings).flatMap(({ id, objective, settings: own }) =>
        (objective.parameters?.(model, own) ?? []).map((spec) => {
          const [name, renamed] = named(id, spec.name, spec);
          return { ...renamed, name };
        }),
      ),
    inputs: (model, settings) =>
      Object.fromEntries(
        terms(settings).flatMap(({ id, objective, settings: own }) =>
          Object.entries(objective.inputs?.(model, own) ?? {}).map(([name, input]) => named(id, name, input)),
        ),
      ),
    teacher: (settings) => sharedMomentum(terms(settings), who),
    represent({ model, parameters, batch, settings, teacher }) {
      const all = terms(settings);
      const behind = new Map<TensorMap, TensorMap>();
      const towers = sharedTowers(model, (given) => behind.get(given) ?? given);
      const viewOf = (term: Term, values: TensorMap): TensorMap => {
        const view = seen(all, term, values);
        behind.set(view, values);
        return view;
      };
      const representations: Record<string, tf.Tensor> = {};
      for (const term of all) {
        const { id, objective, settings: own } = term;
        if (objective.represent) {
          const who = describePlugin(objective);
          const found = callPlugin(who, 'represent', () =>
            objective.represent!({
              model: towers,
              parameters: viewOf(term, parameters),
              batch: { ...batch, inputs: entriesWithPrefix(id, batch.inputs) },
              settings: own,
              ...(teacher ? { teacher: viewOf(term, teacher) } : {}),
            }),
          );
          checkRepresentations(who, found, batch.images.shape[0]);
          Object.assign(representations, joint(id, found));
        } else if (!representations.image) {
          const image = towers.encodeImage(parameters, batch.images);
          // A compiled step adds up the norm of its gradients in this order, so the last bit of a figure depends on it.
          if (all.some((other) => continuesFromText(other, model))) towers.encodeText(parameters, batch.ids);
          representations.image = image.embedding;
          representations.text = towers.encodeText(parameters, batch.ids).embedding;
        }
      }
      return representations;
    },
    objective({ representations, parameters, settings }) {
      const all = terms(settings);
      const outputs = all.map((term) => ({
        ...term,
        output: checkedOutput(describePlugin(term.objective), 'loss', () =>
          term.objective.loss({
            representations: term.objective.represent
              ? entriesWithPrefix(term.id, representations)
              : { image: representations.image!, text: representations.text! },
            parameters: seen(all, term, parameters),
            settings: term.settings,
          }),
        ),
      }));
      return {
        loss: weighted(outputs.map(({ weight, output }) => ({ weight, loss: output.loss }))),
        terms: Object.assign(
          {},
          ...outputs.map(({ id, output }) => ({ [id]: output.loss, ...joint(id, output.terms) })),
        ),
        updates: Object.assign({}, ...outputs.map(({ id, output }) => joint(id, output.updates ?? {}))),
      } satisfies ObjectiveOutput;
    },
  };
}
