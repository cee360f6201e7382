import { type EvaluationModel, Protocol, type ProtocolContext, type TaskResult } from '@medbench/core';
import { VQA_METRICS, type VqaData } from '@medbench/evaluation';
import { FINE_TUNED_VQA, measureFineTunedVqa } from './measure.js';
import { FINE_TUNED_VQA_SETTINGS, type FineTunedVqaSettings } from './settings.js';

/** Visual question answering with fine-tuned towers and a bilinear attention head. Off unless a head is chosen. */
@Protocol({
  id: FINE_TUNED_VQA,
  title: 'VQA, fine-tuned',
  kinds: ['vqa'],
  primary: 'accuracy',
  metrics: VQA_METRICS,
  section: 'fineTunedVqa',
  settings: FINE_TUNED_VQA_SETTINGS,
  joins: { unless: { setting: 'head', is: 'none' } },
  order: 5,
})
export class FineTunedVqa implements Protocol<VqaData, FineTunedVqaSettings> {
  measure(
    model: EvaluationModel,
    data: VqaData,
    context: ProtocolContext<FineTunedVqaSettings>,
  ): Promise<TaskResult | undefined> {
    return measureFineTunedVqa(model, data, context);
  }
}
