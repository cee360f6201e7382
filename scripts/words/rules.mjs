// The project's table of words: what the lint `npm run lint:words` refuses, and what to say instead.

/**
 * @typedef {object} Rule
 * @property {RegExp} word What is refused, in lower case; names in camel case are read as separate words.
 * @property {string} say What to say instead.
 * @property {RegExp} [except] Files in which the word is right.
 */

/** @type {readonly Rule[]} */
export const RULES = [
  { word: /\bpictures?\b/, say: 'image' },
  { word: /\bengines?\b/, say: 'backend; runtime for what runs JavaScript, WebAssembly or ONNX' },
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
    // Readers of data ask for a row or a file to be mended, and mend answers.
    except: /^packages\/(formats|data|task-kit|tasks-.*|corpora-.*)\/|^packages\/evaluation\/src\/vqa\//,
  },
];

/** Names of an old vocabulary that others depend on, and words of data: `[file, text, why]`. */
export const QUOTED = [
  [/./, 'tf.engine()', 'the API of TensorFlow.js'],
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
  [/^(CHANGELOG\.md|scripts\/words\/rules\.mjs)/, '', 'names what was renamed'],
];

/** The most that may be left of what is allowed as an exception. */
export const LIMITS = { docOpeners: 20, functionsOf: 40 };
