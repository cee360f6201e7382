import type { ProtocolId } from './ids.js';
import type { EvaluationModel } from './measurement.js';

export interface ControlInfo {
  readonly id: string;
  readonly title: string;
  /** Protocols in which the control says something. */
  readonly protocols: readonly ProtocolId[];
  /** Whether its rows need the run's encoders (`untrained` in the context); one that does not stands beside any embeddings. */
  readonly needsTowers: boolean;
  readonly source: string;
}

export interface ControlContext {
  readonly seed: number;
  /** Embeds with freshly initialised towers of the run's encoders. */
  readonly untrained: () => Promise<EvaluationModel>;
}

/** A row that no method trained and that every method should beat. */
export interface Control {
  model(context: ControlContext): Promise<EvaluationModel>;
}
