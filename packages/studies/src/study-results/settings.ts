import type { RunResults } from '@medbench/core';

/** A setting in which a run differs from the study; null if the run does not have it. */
export interface StudySetting {
  readonly name: string;
  readonly run: string | null;
  readonly study: string;
}

type Values = Readonly<Record<string, string | number>>;

// Settings of the study in medbench's words. Only those that a run records are compared.
const RECORDED: Values = {
  'encoders.image': 'vit-b-16',
  'encoders.text': 'gpt-77',
  'training.steps': 107_640,
  'training.batchSize': 512,
  'training.learningRate': 5e-5,
  'training.warmup': 0,
  'training.weightDecay': 0.1,
  'training.decay': 'historic',
  'training.crop.kind': 'fixed',
  'training.validation.corpus': 'pmc-oa:split=valid',
  'training.validation.batchSize': 32,
  'training.validation.loss': 'clip',
  'evaluation.activation': 'gelu',
};

// Settings of protocols are recorded only if they were set.
const PROBE: Values = {
  'evaluation.probe.solver': 'clip-benchmark',
  'evaluation.probe.epochs': 40,
  'evaluation.probe.batchSize': 64,
  'evaluation.probe.weightDecay': 0,
};

const CORPORA = ['mimic-cxr', 'pmc-oa', 'quilt-1m', 'roco'];

/** Lists the settings of training and evaluation that are not those of the study, as far as the run records them. */
export function listStudySettings({ run, cells }: RunResults): StudySetting[] {
  const compare = (values: Values, isCompared: (name: string) => boolean): StudySetting[] =>
    Object.entries(values)
      .filter(([name, value]) => isCompared(name) && run.settings[name] !== value)
      .map(([name, value]) => ({ name, run: run.settings[name]?.toString() ?? null, study: String(value) }));
  const probed = cells.some(({ protocol }) => protocol === 'linear-probe');
  const corpora = [...run.corpora].sort();
  return [
    ...(corpora.join() === CORPORA.join()
      ? []
      : [{ name: 'corpora', run: run.corpora.join(', ') || null, study: CORPORA.join(', ') }]),
    ...compare(RECORDED, (name) => run.settings[name] !== undefined),
    ...compare(PROBE, () => probed),
  ];
}
