import type {
  DualEncoderModel,
  ParameterSpec,
  ResolvedMethod,
  RowSetup,
  Settings,
  StartingWeights,
  TrainingRecord,
  TrainingSettings,
} from '@medbench/core';
import { pluginFault } from '@medbench/core/methods';
import { countParameters, frozenPart } from '@medbench/nn';
import { type TrainingStep, trainingStep } from './training-step.js';

/** All that decides how a row is trained, except its data. */
export interface SetupRequest {
  /** Row of the table, for messages. */
  readonly row: string;
  readonly method: ResolvedMethod;
  readonly settings: Settings;
  readonly start: StartingWeights;
  readonly training: TrainingSettings;
}

/** A row before its training: no value is drawn yet, nothing is compiled. */
export interface PreparedRow {
  /** The towers of the row: those of the run, as its method changes them. */
  readonly model: DualEncoderModel;
  /** Parameters of the two towers, the logit scale and the method. */
  readonly specs: readonly ParameterSpec[];
  /** The phases of the training, each with the step at which it ends. */
  readonly phases: readonly { readonly until: number; readonly step: TrainingStep }[];
  readonly parameters: TrainingRecord['parameters'];
  readonly setup: RowSetup;
}

/**
 * Works out what a row trains, from the towers of the run and its method.
 * @throws MedbenchError('config') if the method does not fit the towers, or the chunks do not divide the batch;
 *   ('plugin') if the shares of its phases do not add up to 1.
 */
export function prepareRow(towers: DualEncoderModel, request: SetupRequest): PreparedRow {
  const { row, method, settings, start, training } = request;
  const model = method.towers(towers, settings);
  const specs = [...model.parameters, ...method.parameters(model, settings)];
  const phases = resolvePhases(request).map(({ until, settings: phaseSettings }) => ({
    until,
    step: trainingStep({ name: `train:${row}`, model, method, settings: phaseSettings, parameters: specs, training }),
  }));
  const { step } = phases[0]!;
  const frozen = new Set(method.frozen(model, settings));
  return {
    model,
    specs,
    phases,
    parameters: {
      total: countParameters(specs),
      trainable: countParameters(specs.filter(({ name }) => step.trainable.includes(name))),
    },
    setup: {
      start,
      frozen: { image: frozenPart(model, 'image', frozen), text: frozenPart(model, 'text', frozen) },
      own: countParameters(specs) - countParameters(model.parameters),
      ...(model === towers ? {} : { newInTowers: countNew(model, towers) }),
      inputs: [...new Set(phases.flatMap(({ step: { inputs } }) => Object.keys(inputs)))],
      teacher: method.teacher(settings),
      phases: phases.map(({ until }, i) => until - (phases[i - 1]?.until ?? 0)),
      settings,
    },
  };
}

/** Number of parameters that `model` has and the towers of the run do not. */
function countNew(model: DualEncoderModel, towers: DualEncoderModel): number {
  const names = new Set(towers.parameters.map(({ name }) => name));
  return countParameters(model.parameters, ({ name }) => !names.has(name));
}

/** Resolves a method's phases, each with the step at which it ends. Phases without steps are left out. */
function resolvePhases({ row, method, settings, training }: SetupRequest): { until: number; settings: Settings }[] {
  const phases = method.phases(settings).filter(({ share }) => share > 0);
  const shares = phases.reduce((sum, { share }) => sum + share, 0);
  if (Math.abs(shares - 1) > 1e-6) {
    throw pluginFault(
      method.label,
      `the phases of ${row} make up ${shares} of its steps; make their shares add up to 1`,
    );
  }
  let doneShare = 0;
  return phases.map(({ share, settings: phaseSettings }, i) => {
    doneShare += share;
    return {
      until: i === phases.length - 1 ? training.steps : Math.round(doneShare * training.steps),
      settings: phaseSettings,
    };
  });
}
