// The project's table of words: words that `npm run lint:words` refuses, and what to say instead.

/**
 * @typedef {object} Rule
 * @property {RegExp} word The refused word in lower case. Names in camel case are read as separate words.
 * @property {string} say The word to use instead.
 * @property {RegExp} [except] Files that may use the word.
 */

/** @type {readonly Rule[]} */
export const RULES = [
  { word: /\bpictures?\b/, say: 'image' },
  {
    word: /\bengines?\b/,
    say: 'backend; runtime for what runs JavaScript, WebAssembly or ONNX; engine is what medbench engines downloads',
    except: /^packages\/(backends-xla\/|cli\/src\/commands\/engines\.ts$)/,
  },
  { word: /\bfacts?\b/, say: 'info' },
  { word: /\bstill\b/, say: 'frozen, of parameters; otherwise leave it out' },
  { word: /\b(does|do) not move\b|\bkept apart\b/, say: 'frozen; test split, held-out pairs' },
  { word: /\b(go|goes|going|went|gone) on\b/, say: 'resume, of a run; otherwise continue' },
  { word: /\bpairs a (step|second)\b/, say: 'batch size; pairs per second' },
  { word: /\bmoving average(?! \(ema\))/, say: 'moving average (EMA) teacher, or EMA' },
  { word: /\bcomparison with the eager\b/, say: 'self-check' },
  { word: /\bwaits? to be collected\b/, say: 'garbage' },
  {
    word: /\bmend(s|ed|ing)?\b/,
    say: 'registered, patched, fixed; data is mended',
    // Data can be mended: messages ask the user to mend a row or a file.
    except: /^packages\/(formats|data|task-kit|tasks-.*|corpora-.*)\/|^packages\/evaluation\/src\/vqa\//,
  },
];

/** Allowed quotations: names of file formats, and text that is data. `[files, text, reason]`. */
export const QUOTED = [
  [/./, 'tf.engine()', 'the API of TensorFlow.js'],
  [/^packages\/tensorflow-gradients\//, 'engine', 'a module of TensorFlow.js'],
  [/^packages\/tensorflow-gradients\//, 'ENGINE', 'what that module exports'],
  [/./, 'medbench engines', 'the command'],
  [/./, 'engines add', 'the command'],
  [/./, 'MEDBENCH_ENGINES', 'the variable'],
  [/./, 'downloaded engines', 'its meaning'],
  [/./, 'medbench/engines', 'its default'],
  [/./, 'enginesCommand', 'the command'],
  [/./, 'commands/engines', 'the command'],
  [/^scripts\/release\/stage\.mjs$/, 'engines', 'a field of package.json'],
  [/^bench\//, 'engine', 'a field of the last line that a bench prints, read by others'],
  [
    /^packages\/(core\/src\/contracts\/results|report\/.*|runner\/src\/results|cli\/src\/commands\/list)/,
    'pictures',
    'a field of results.json and of list --json',
  ],
  [
    /^packages\/phantoms\/src\/(cases|shapes)\.ts/,
    "'picture'",
    'names a random stream: another name draws other images',
  ],
  [/^packages\/phantoms\/src\/shapes\.ts/, 'a picture of ', 'a generated caption: other words train other weights'],
  [
    /^packages\/tasks-(breastmnist|pad-ufes-20)\/src\/plugin\.ts/,
    'picture',
    'a prompt: another one measures another figure',
  ],
  [/^(CHANGELOG\.md|scripts\/words\/rules\.mjs|tests\/words\.test\.ts)$/, '', 'names the words themselves'],
];

/** Upper limits for exceptions. */
export const LIMITS = { docOpeners: 20, functionsOf: 40 };
