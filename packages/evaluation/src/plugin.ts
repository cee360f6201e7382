import { type EvaluationModel, Protocol, type ProtocolContext, type TaskResult } from '@medbench/core';
import type { ClassificationData } from './protocols/classification.js';
import { measureKnn } from './protocols/knn.js';
import { measureLinearProbe } from './protocols/linear-probe.js';
import {
  CLASSIFICATION_METRICS,
  FEW_SHOT_METRICS,
  MULTI_LABEL_METRICS,
  PROBE_METRICS,
  PROMPT_SENSITIVITY_METRICS,
  RETRIEVAL_METRICS,
  VQA_METRICS,
} from './protocols/metric-info.js';
import {
  isMultiLabel,
  type MultiLabelData,
  measureMultiLabelProbe,
  measureMultiLabelZeroShot,
} from './protocols/multi-label.js';
import { measurePromptSensitivity } from './protocols/prompt-sensitivity.js';
import { measureRetrieval, type RetrievalData } from './protocols/retrieval.js';
import {
  KNN_SETTINGS,
  type KnnSettings,
  PROBE_SETTINGS,
  PROMPT_SENSITIVITY_SETTINGS,
  type ProbeSettings,
  RETRIEVAL_SETTINGS,
  type RetrievalSettings,
  SIMPLE_SHOT_SETTINGS,
  type SimpleShotSettings,
  VQA_SETTINGS,
  type VqaSettings,
} from './protocols/settings.js';
import { measureSimpleShot } from './protocols/simple-shot.js';
import { measureVqa, type VqaData } from './protocols/vqa.js';
import { measureZeroShot } from './protocols/zero-shot.js';

/** The rule of protocols that join all tasks of their kinds once they are turned on. */
const IF_MEASURED = { unless: { setting: 'measure', is: false } } as const;

type Measured = Promise<TaskResult | undefined>;

/** Zero-shot classification: prompts name the classes, and nothing is fitted. */
@Protocol({
  id: 'zero-shot',
  title: 'zero-shot',
  kinds: ['classification', 'multi-label'],
  primary: 'accuracy',
  metrics: { ...CLASSIFICATION_METRICS, ...MULTI_LABEL_METRICS },
  order: 1,
})
export class ZeroShot implements Protocol<ClassificationData | MultiLabelData> {
  measure(model: EvaluationModel, data: ClassificationData | MultiLabelData, context: ProtocolContext): Measured {
    return isMultiLabel(data) ? measureMultiLabelZeroShot(model, data, context) : measureZeroShot(model, data, context);
  }
}

/** Linear probe: a linear classifier on frozen features. */
@Protocol({
  id: 'linear-probe',
  title: 'linear probe',
  kinds: ['classification', 'multi-label'],
  primary: 'accuracy',
  metrics: { ...CLASSIFICATION_METRICS, ...PROBE_METRICS, ...MULTI_LABEL_METRICS },
  section: 'probe',
  settings: PROBE_SETTINGS,
  order: 2,
})
export class LinearProbe implements Protocol<ClassificationData | MultiLabelData, ProbeSettings> {
  measure(
    model: EvaluationModel,
    data: ClassificationData | MultiLabelData,
    context: ProtocolContext<ProbeSettings>,
  ): Measured {
    return isMultiLabel(data) ? measureMultiLabelProbe(model, data, context) : measureLinearProbe(model, data, context);
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

/** Nearest neighbours: the most similar training images vote. Off by default. */
@Protocol({
  id: 'knn',
  title: 'nearest neighbours',
  kinds: ['classification'],
  primary: 'accuracy',
  metrics: CLASSIFICATION_METRICS,
  settings: KNN_SETTINGS,
  joins: IF_MEASURED,
  order: 6,
})
export class NearestNeighbours implements Protocol<ClassificationData, KnnSettings> {
  measure(model: EvaluationModel, data: ClassificationData, context: ProtocolContext<KnnSettings>): Measured {
    return measureKnn(model, data, context);
  }
}

/** SimpleShot: the nearest centroid of centred features of unit length. Off by default. */
@Protocol({
  id: 'simple-shot',
  title: 'SimpleShot',
  kinds: ['classification'],
  primary: 'accuracy',
  metrics: { ...CLASSIFICATION_METRICS, ...FEW_SHOT_METRICS },
  section: 'simpleShot',
  settings: SIMPLE_SHOT_SETTINGS,
  joins: IF_MEASURED,
  order: 7,
})
export class SimpleShot implements Protocol<ClassificationData, SimpleShotSettings> {
  measure(model: EvaluationModel, data: ClassificationData, context: ProtocolContext<SimpleShotSettings>): Measured {
    return measureSimpleShot(model, data, context);
  }
}

/** Prompt sensitivity: zero-shot with each template alone. Off by default. */
@Protocol({
  id: 'prompt-sensitivity',
  title: 'prompt sensitivity',
  kinds: ['classification'],
  primary: 'template_accuracy_mean',
  metrics: PROMPT_SENSITIVITY_METRICS,
  section: 'promptSensitivity',
  settings: PROMPT_SENSITIVITY_SETTINGS,
  joins: IF_MEASURED,
  order: 8,
})
export class PromptSensitivity implements Protocol<ClassificationData> {
  measure(model: EvaluationModel, data: ClassificationData, context: ProtocolContext): Measured {
    return measurePromptSensitivity(model, data, context);
  }
}
