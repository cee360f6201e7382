import type { ModelRequest, ModelSettings, Pretraining, Profile } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { pluginIdentity } from '../data/code.js';
import type { Plan } from '../plan/plan.js';
import { type EvaluationActivation, rowActivation } from '../plan/protocols.js';
import type { PlanRow } from '../plan/rows.js';
import { type ChosenBackend, Services } from '../services.js';
import type { RunStore } from '../store/index.js';

/** The request that the two towers of every row are built from. */
export class Towers {
  /** The vocabulary by its content, found once: it may lie on the hub. */
  #vocabulary: Promise<string | undefined> | undefined;

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Backend private readonly backend: ChosenBackend,
    @Services.Profile private readonly profile: Profile,
    @Services.Pretraining private readonly pretraining: Pretraining,
  ) {}

  /** The request of a training. */
  request(): Promise<ModelRequest> {
    return this.#request(this.plan.config.model);
  }

  /** The activation with which a row is measured (`evaluation.activation`, `activationOf`). */
  evaluationActivation(row: PlanRow): EvaluationActivation {
    return rowActivation(this.plan.config.evaluation, row);
  }

  /** The request of a measurement, whose activation may differ from that of the training. */
  evaluationRequest(row: PlanRow): Promise<ModelRequest> {
    const { model } = this.plan.config;
    const activation = this.evaluationActivation(row);
    return this.#request(activation === 'same' ? model : { ...model, activation });
  }

  /** A note for readers of the figures, if the activation of the measurement is not that of the training. */
  activationNotes(row: PlanRow): readonly string[] {
    const { model } = this.plan.config;
    const activation = this.evaluationActivation(row);
    return activation === 'same' || activation === model.activation
      ? []
      : [`measured with the activation ${activation}; the towers were made for ${model.activation}`];
  }

  async #request(model: ModelSettings): Promise<ModelRequest> {
    const { encoders, training } = this.plan.config;
    return {
      image: await this.registry.get('encoder', encoders.image),
      text: await this.registry.get('encoder', encoders.text),
      model,
      backend: this.backend.backend,
      devices: training.devices,
      log: (message) => this.#log(message),
      profile: this.profile,
    };
  }

  /** Identifies the towers, the backend and its threads in the keys of weights and controls. */
  async key(): Promise<unknown> {
    const { encoders, model, threads } = this.plan.config;
    const { vocabulary: _, contextLength = null, preprocessing = null, ...sizes } = model;
    this.#vocabulary ??= this.#identifyVocabulary();
    const vocabulary = await this.#vocabulary;
    const entries = this.registry.catalogue.entries.filter(
      ({ kind, id }) =>
        (kind === 'encoder' && (id === encoders.image || id === encoders.text)) ||
        (kind === 'backend' && id === this.backend.id),
    );
    return {
      encoders,
      model: {
        ...sizes,
        // The vocabulary by its content, not by its name. Defaults are absent, so that towers of before keep their keys.
        ...(vocabulary === undefined ? {} : { vocabulary }),
        ...(contextLength === null ? {} : { contextLength }),
        // Null is CLIP's preprocessing, or the encoder's own.
        ...(preprocessing === null ? {} : { preprocessing }),
      },
      ...{ plugins: entries.map(pluginIdentity), backend: this.backend.id, threads },
    };
  }

  async #identifyVocabulary(): Promise<string | undefined> {
    const { encoders, model } = this.plan.config;
    const text = await this.registry.get('encoder', encoders.text);
    return this.pretraining.identifyVocabulary({ text, model, log: (message) => this.#log(message) });
  }

  #log(message: string): void {
    this.store.log({ message });
  }
}
