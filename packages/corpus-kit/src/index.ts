export { CaptionCorpus, corpusInfo, inspectSplits, toOpenedCorpus } from './caption-corpus.js';
