import { type EvaluationModel, Protocol, type ProtocolContext, type TaskResult } from '@medbench/core';
import type { ClassificationData } from './protocols/classification.js';
import { measureLinearProbe } from './protocols/linear-probe.js';
import { CLASSIFICATION_METRICS, PROBE_METRICS, RETRIEVAL_METRICS, VQA_METRICS } from './protocols/metric-info.js';
import { measureRetrieval, type RetrievalData } from './protocols/retrieval.js';
import {
  PROBE_SETTINGS,
  type ProbeSettings,
  RETRIEVAL_SETTINGS,
  type RetrievalSettings,
  VQA_SETTINGS,
  type VqaSettings,
} from './protocols/settings.js';
import { measureVqa, type VqaData } from './protocols/vqa.js';
import { measureZeroShot } from './protocols/zero-shot.js';

type Measured = Promise<TaskResult | undefined>;

/** Zero-shot classification: prompts name the classes, and nothing is fitted. */
@Protocol({
  id: 'zero-shot',
  title: 'zero-shot',
  kinds: ['classification'],
  primary: 'accuracy',
  metrics: CLASSIFICATION_METRICS,
  order: 1,
})
export class ZeroShot implements Protocol<ClassificationData> {
  measure(model: EvaluationModel, data: ClassificationData, context: ProtocolContext): Measured {
    return measureZeroShot(model, data, context);
  }
}

/** Linear probe: a linear classifier on frozen features. */
@Protocol({
  id: 'linear-probe',
  title: 'linear probe',
  kinds: ['classification'],
  primary: 'accuracy',
  metrics: { ...CLASSIFICATION_METRICS, ...PROBE_METRICS },
  section: 'probe',
  settings: PROBE_SETTINGS,
  order: 2,
})
export class LinearProbe implements Protocol<ClassificationData, ProbeSettings> {
  measure(model: EvaluationModel, data: ClassificationData, context: ProtocolContext<ProbeSettings>): Measured {
    return measureLinearProbe(model, data, context);
  }
}

/** Retrieval: finds texts by images and images by texts. */
@Protocol({
  id: 'retrieval',
  title: 'retrieval',
  kinds: ['retrieval'],
  primary: 'mean_recall@200',
  metrics: RETRIEVAL_METRICS,
  settings: RETRIEVAL_SETTINGS,
  order: 3,
})
export class Retrieval implements Protocol<RetrievalData, RetrievalSettings> {
  measure(model: EvaluationModel, data: RetrievalData, context: ProtocolContext<RetrievalSettings>): Measured {
    return measureRetrieval(model, data, context);
  }
}

/** Visual question answering: a small head on frozen embeddings answers questions about images. */
@Protocol({
  id: 'vqa',
  title: 'VQA',
  kinds: ['vqa'],
  primary: 'accuracy',
  metrics: VQA_METRICS,
  settings: VQA_SETTINGS,
  order: 4,
})
export class VisualQuestions implements Protocol<VqaData, VqaSettings> {
  measure(model: EvaluationModel, data: VqaData, context: ProtocolContext<VqaSettings>): Measured {
    return measureVqa(model, data, context);
  }
}
