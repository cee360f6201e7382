import type { Pretraining, TrainRequest } from '@medbench/core';
import { loadModel } from '../towers/embedder.js';
import { findForeignTower, findForeignWeights } from '../towers/foreign.js';
import { identifyVocabulary } from '../towers/tokenizer.js';
import { newTrainingCaches, train } from './trainer.js';

/**
 * Pre-training and embedding as one service. The trainings of an instance share caches, which live as long as the
 * instance: bind one instance per run.
 */
export class TowerPretraining implements Pretraining {
  readonly #caches = newTrainingCaches();
  readonly findWeights = findForeignWeights;
  readonly findTower = findForeignTower;
  readonly identifyVocabulary = identifyVocabulary;
  readonly load = loadModel;

  train(request: TrainRequest) {
    return train(request, this.#caches);
  }
}
