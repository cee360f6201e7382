import { type EvaluationModel, Protocol, type ProtocolContext, type TaskResult } from '@medbench/core';
import type { ClassificationData } from '@medbench/evaluation';
import { measureCorruptions, probeClassifier, zeroShotClassifier } from './measure.js';
import { CORRUPTION_METRICS } from './metric-info.js';
import { type CorruptionSettings, LINEAR_PROBE_SETTINGS, ZERO_SHOT_SETTINGS } from './settings.js';

type Context = ProtocolContext<CorruptionSettings>;
type Measured = Promise<TaskResult | undefined>;

/** Zero-shot classification of corrupted images. Off by default. */
@Protocol({
  id: 'zero-shot-corruptions',
  title: 'zero-shot, corrupted images',
  kinds: ['classification'],
  primary: 'corrupted_accuracy',
  metrics: CORRUPTION_METRICS,
  section: 'zeroShotCorruptions',
  settings: ZERO_SHOT_SETTINGS,
  joins: { unless: { setting: 'measure', is: false } },
  order: 9,
})
export class ZeroShotCorruptions implements Protocol<ClassificationData, CorruptionSettings> {
  measure(model: EvaluationModel, data: ClassificationData, context: Context): Measured {
    return measureCorruptions('zero-shot-corruptions', model, data, context, () => zeroShotClassifier(model, data));
  }
}

/** A linear probe on corrupted images. Off by default. */
@Protocol({
  id: 'linear-probe-corruptions',
  title: 'linear probe, corrupted images',
  kinds: ['classification'],
  primary: 'corrupted_accuracy',
  metrics: CORRUPTION_METRICS,
  section: 'probeCorruptions',
  settings: LINEAR_PROBE_SETTINGS,
  joins: { unless: { setting: 'measure', is: false } },
  order: 10,
})
export class LinearProbeCorruptions implements Protocol<ClassificationData, CorruptionSettings> {
  measure(model: EvaluationModel, data: ClassificationData, context: Context): Measured {
    return measureCorruptions('linear-probe-corruptions', model, data, context, (measured) =>
      probeClassifier(model, data, measured, context),
    );
  }
}
