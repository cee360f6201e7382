import type { ConfigTree } from '@medbench/runner/workspace';
import type { Study, StudyVariant } from '../study.js';

/** Fractions of a tower to freeze. */
const FRACTIONS = [0.25, 0.5, 0.75, 1];
const frozen = (tower: string, fractions: readonly number[]): string[] =>
  fractions.map((fraction) => `clip-partial:tower=${tower}:freeze=${fraction}`);

/** An architecture with released weights; in the demo, a small drawn member of its family. */
const tower = (id: string, title: string, released: ConfigTree, small: string): StudyVariant => ({
  id,
  title: `${title} (in the demo ${small})`,
  config: released,
  presets: {
    demo: {
      encoders: { image: small, text: 'gpt-demo' },
      model: { embedDim: 64, merges: 2000, activation: 'quick-gelu' },
      general: { weights: null, image: null, text: null, steps: 120 },
    },
  },
});

const openai = (image: string, embedDim: number, weights: string, text = 'gpt-77'): ConfigTree => ({
  encoders: { image, text },
  model: { embedDim, merges: null },
  general: { weights },
});

/** OpenAI's ViT-B/16, whole or one of its towers. */
const OPENAI_B16 = 'timm/vit_base_patch16_clip_224.openai';
/** ConvNeXt has CLIP weights of LAION, with exact GELU in the text tower. */
const CONVNEXT: ConfigTree = {
  ...openai('convnext-base', 512, 'laion/CLIP-convnext_base-laion400M-s13B-b51K'),
  model: { embedDim: 512, merges: null, activation: 'gelu' },
};
/** Swin has no released CLIP weights: timm's of ImageNet, and the text tower of OpenAI's ViT-B/16. */
const SWIN: ConfigTree = {
  encoders: { image: 'swin-base', text: 'gpt-77' },
  model: { embedDim: 512, merges: null },
  general: { weights: null, image: 'timm/swin_base_patch4_window7_224.ms_in22k_ft_in1k', text: OPENAI_B16, steps: 0 },
};

/** Open question 1: does partial freezing carry over to other architectures? */
export const freezeDepth: Study = {
  id: 'freeze-depth',
  title: 'How much to freeze, and of which architecture (in the demo, small towers without released weights)',
  question: 'Does partial freezing carry over to other architectures?',
  // A fraction of 0 is the row `clip`.
  config: { preset: 'study', methods: ['clip', ...frozen('image', FRACTIONS), ...frozen('text', FRACTIONS)] },
  presets: {
    demo: {
      // The demo's text tower has two blocks.
      methods: ['clip', ...frozen('image', FRACTIONS), ...frozen('text', [0.5, 1])],
      controls: ['untrained', 'chance', 'majority'],
      tasks: ['phantom-global', 'phantom-local', 'phantom-retrieval', 'pneumoniamnist'],
      training: { steps: 120, warmup: 12 },
      general: { steps: 120 },
    },
  },
  variants: [
    tower('vit-b-32', 'ViT-B/32', openai('vit-b-32', 512, 'timm/vit_base_patch32_clip_224.openai'), 'vit-demo'),
    tower('vit-b-16', 'ViT-B/16', openai('vit-b-16', 512, OPENAI_B16), 'vit-28'),
    tower(
      'vit-l-14',
      'ViT-L/14',
      openai('vit-l-14', 768, 'timm/vit_large_patch14_clip_224.openai', 'gpt-77-768'),
      'vit-deep-demo',
    ),
    tower('rn50', 'ResNet-50', openai('rn50', 1024, 'timm/resnet50_clip.openai'), 'rn-demo'),
    tower('convnext', 'ConvNeXt-Base', CONVNEXT, 'convnext-demo'),
    tower('swin', 'Swin-Base', SWIN, 'swin-demo'),
  ],
  questions: [
    {
      id: 'half',
      question: 'Does freezing the first half of the image tower help, whatever its architecture?',
      against: 'clip',
      rows: frozen('image', [0.5]),
    },
    {
      id: 'image-depth',
      question: 'Does freezing less or more of the image tower help?',
      against: 'clip',
      rows: frozen('image', [0.25, 0.75, 1]),
    },
    {
      id: 'text-depth',
      question: 'Does freezing a part of the text tower help?',
      against: 'clip',
      rows: frozen('text', FRACTIONS),
    },
  ],
};

const TEXT_FROZEN = ['clip-partial:tower=text:freeze=0.5', 'clip-locked:tower=text'];
/** Settings of the demo, whose towers are drawn: no weights of the hub are there. */
const drawnText = (text: string): StudyVariant['presets'] => ({
  demo: {
    encoders: { image: 'vit-demo', text },
    model: { embedDim: 64, merges: 2000, vocabulary: null, contextLength: null },
    general: { weights: null, image: null, text: null, steps: 120 },
  },
});
/** A BERT of the hub with its own vocabulary, beside the image tower of OpenAI's ViT-B/16. */
const bert = (id: string, title: string, weights: string, small: string): StudyVariant => ({
  id,
  title,
  config: {
    encoders: { image: 'vit-b-16', text: 'bert-base' },
    model: { embedDim: 512, vocabulary: weights, contextLength: 77 },
    // Both towers are laid over what is drawn, so that nothing is trained.
    general: { weights: null, image: OPENAI_B16, text: weights, steps: 0 },
  },
  presets: drawnText(small)!,
});

/** The second stage of the study of arXiv:2406.07450: text towers of medicine in place of CLIP's. */
export const textTower: Study = {
  id: 'text-tower',
  title: 'Text towers, general and medical (in the demo, small ones without their weights stand for them)',
  question: 'Does freezing the text tower carry over to text towers of medicine?',
  config: { preset: 'study', methods: ['clip', ...TEXT_FROZEN] },
  presets: {
    demo: {
      controls: ['untrained', 'chance', 'majority'],
      tasks: ['phantom-global', 'phantom-local', 'phantom-retrieval', 'pneumoniamnist'],
      training: { steps: 120, warmup: 12 },
      general: { steps: 120 },
    },
  },
  variants: [
    { id: 'gpt-77', title: 'GPT/77', config: openai('vit-b-16', 512, OPENAI_B16), presets: drawnText('gpt-demo')! },
    bert('biobert', 'BioBERT (in the demo bert-demo)', 'dmis-lab/biobert-base-cased-v1.2', 'bert-demo'),
    bert(
      'clinicalbert',
      'ClinicalBERT (in the demo bert-demo-mean)',
      'emilyalsentzer/Bio_ClinicalBERT',
      'bert-demo-mean',
    ),
    bert(
      'pubmedbert',
      'PubMedBERT (in the demo bert-demo-mlp)',
      'microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract',
      'bert-demo-mlp',
    ),
  ],
  questions: [
    {
      id: 'half',
      question: 'Does freezing the first half of the text tower help, whatever the tower?',
      against: 'clip',
      rows: [TEXT_FROZEN[0]!],
    },
    {
      id: 'locked',
      question: 'Does locking the text tower help, whatever the tower?',
      against: 'clip',
      rows: [TEXT_FROZEN[1]!],
    },
  ],
};

const modality = (id: string, tasks: readonly string[]): StudyVariant => ({ id, title: id, config: { tasks } });

/** Open question 2: should λ depend on the imaging modality? */
export const lambdaByModality: Study = {
  id: 'lambda-by-modality',
  title: 'λ of the unimodal losses, by imaging modality',
  question: 'Should the weight of a unimodal loss depend on the imaging modality?',
  // Without a corpus, each modality trains on the training splits of its own tasks. All of them have a validation
  // split.
  config: { corpora: [] },
  presets: { demo: { corpora: [], training: { steps: 90, warmup: 9 }, general: { steps: 120 } } },
  variants: [
    modality('radiology', ['pneumoniamnist', 'organamnist']),
    modality('histopathology', ['pathmnist', 'bloodmnist']),
    modality('dermatology', ['dermamnist']),
    modality('ophthalmology', ['octmnist', 'retinamnist']),
    modality('ultrasound', ['breastmnist']),
  ],
  search: {
    methods: ['slip', 'masked-cl'],
    setting: 'lambda',
    values: [0.03, 0.1, 0.3, 1, 3, 10],
    baseline: 'clip',
    usual: 1,
    eta: 3,
  },
};

/** Tasks whose rarest class has enough examples for thinning. The demo uses phantoms whose fine detail is known. */
const LONG_TAILED = ['bloodmnist', 'organamnist', 'pathmnist', 'octmnist', 'dermamnist', 'ham10000'];
const DEMO_LONG_TAILED = ['phantom-local'];
const FINE = ['coca', 'filip', 'gloria'];

const thinned = (imbalance: number): StudyVariant => ({
  id: `imbalance-${imbalance}`,
  title: imbalance === 1 ? 'classes as they are' : `the largest class ${imbalance} times the smallest`,
  config: {
    taskSettings: Object.fromEntries([...LONG_TAILED, ...DEMO_LONG_TAILED].map((task) => [task, { imbalance }])),
  },
});

/** Open question 3: are fine-grained methods better at what is rare? */
export const rareClasses: Study = {
  id: 'rare-classes',
  title: 'Rare classes, as the balance gets worse',
  question: 'Are fine-grained methods better than coarse ones on rare classes, and as the class balance gets worse?',
  // Train on and probe with the training splits of the tasks, which are thinned alike. A separate corpus would undo
  // this.
  config: { methods: ['clip', ...FINE], corpora: [], tasks: LONG_TAILED },
  presets: {
    demo: { corpora: [], tasks: DEMO_LONG_TAILED, training: { steps: 180, warmup: 18 } },
  },
  variants: [1, 20, 100].map(thinned),
  questions: [
    {
      id: 'rare',
      question: 'Do fine-grained methods recall rare classes better than the coarse one?',
      against: 'clip',
      rows: FINE,
      on: 'rare',
    },
    { id: 'all', question: 'And over all classes?', against: 'clip', rows: FINE },
  ],
};
