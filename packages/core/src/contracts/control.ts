import type { ProtocolId } from './ids.js';
import type { EvaluationModel } from './measurement.js';

/** Info that `@Control` attaches to a class. */
export interface ControlInfo {
  readonly id: string;
  readonly title: string;
  /** Protocols under which the control is measured. */
  readonly protocols: readonly ProtocolId[];
  /**
   * Whether the control needs the run's encoders (`ControlContext.untrained`). A control that does not can be compared
   * with embeddings of any origin.
   */
  readonly needsTowers: boolean;
  /** Origin or description of the control, for tables. */
  readonly source: string;
}

/** Everything that a control may use to build its model. */
export interface ControlContext {
  readonly seed: number;
  /** Builds a model that embeds with the run's encoders at initialisation. */
  readonly untrained: () => Promise<EvaluationModel>;
}

/** A row of the results table that no method trained and that every method should beat. */
export interface Control {
  /** Builds the model that the protocols measure. */
  model(context: ControlContext): Promise<EvaluationModel>;
}
