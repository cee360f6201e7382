import { readFileSync } from 'node:fs';
import { resolveConfig } from '@medbench/runner';
import { type FoundPreset, inheritSettings, mergePresets } from '@medbench/runner/workspace';
import { describe, expect, it } from 'vitest';

const { medbench } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const presets = inheritSettings(medbench.presets as FoundPreset[]);
const resolved = (...ids: string[]) =>
  resolveConfig({ preset: mergePresets(ids.map((id) => presets.find((preset) => preset.id === id)!)) });

/** Settings of the study's code: scripts and defaults as committed. */
const TRAINING = {
  ...{ steps: 5382 * 20, batchSize: 512, chunkSize: 32, learningRate: 5e-5, warmup: 0, weightDecay: 0.1 },
  ...{ beta1: 0.9, beta2: 0.98, epsilon: 1e-6, clipNorm: null, decay: 'historic', crop: { kind: 'fixed', side: 512 } },
};

describe('presets', () => {
  it.each(presets.map(({ id }) => id))('%s has valid settings', (id) => {
    expect(() => resolved(id)).not.toThrow();
  });

  it.each(['study', 'study-as-meant', 'paper'])("%s has the settings of the study's training", (id) => {
    expect(resolved(id)).toMatchObject({
      encoders: { image: 'vit-b-16', text: 'gpt-77' },
      model: { embedDim: 512, merges: null, activation: 'quick-gelu' },
      corpora: ['pmc-oa', 'quilt-1m', 'mimic-cxr', 'roco'],
      training: {
        ...TRAINING,
        // The epoch with the lowest loss on 164,657 pairs, measured in batches of 32 after each; FILIP by its own loss.
        validation: {
          ...{ corpus: 'pmc-oa:split=valid', share: 0, batches: null, batchSize: 32, loss: 'clip' },
          ...{ lossOf: { filip: 'own' }, every: 5382, patience: null, keep: 'best' },
        },
      },
      evaluation: {
        probe: {
          solver: 'clip-benchmark',
          features: 'after',
          epochs: 40,
          batchSize: 64,
          weightDecay: 0,
          validation: 'none',
        },
      },
    });
  });

  it('demo-size leaves the rows, tasks and measurements of another preset, and shrinks the rest', () => {
    const [study, small, demo] = [resolved('study'), resolved('study', 'demo-size'), resolved('demo')];
    for (const key of ['methods', 'tasks', 'taskSettings'] as const) expect(small[key]).toEqual(study[key]);
    expect(small.evaluation).toMatchObject({ activation: 'gelu', probe: study.evaluation.probe });
    for (const key of ['synthetic', 'corpora', 'encoders', 'general'] as const) expect(small[key]).toEqual(demo[key]);
    expect(small.training).toMatchObject({
      ...{ steps: 80, batchSize: 64, learningRate: 1e-3, warmup: 8, chunkSize: null },
      ...{ crop: TRAINING.crop, decay: 'historic', validation: { corpus: null, share: 0 } },
    });
  });

  it('demo has the settings that it had before demo-size', () => {
    expect(resolved('demo')).toEqual(
      resolveConfig({
        flags: {
          synthetic: true,
          methods: ['clip', 'clip-locked', 'clip-partial', 'slip', 'masked-cl', 'flip', 'coca', 'filip'],
          tasks: [
            ...['phantom-global', 'phantom-local', 'phantom-rare', 'phantom-retrieval', 'phantom-vqa'],
            ...['pneumoniamnist', 'vqa-rad'],
          ],
          corpora: ['phantoms', 'pmc-oa', 'quilt-1m', 'mimic-cxr', 'roco', 'webdataset'],
          training: { steps: 80, batchSize: 64, warmup: 8 },
          general: { steps: 80 },
          methodSettings: { coca: { queries: 16 }, filip: { width: 64 } },
          model: { merges: 2000 },
          evaluation: {
            probe: { features: 'before' },
            vqa: { epochs: 15, minSteps: 300 },
            // Off in the demo; for runs that choose a head.
            fineTunedVqa: { epochs: 1, autoEncoder: false },
          },
        },
      }),
    );
  });
});
