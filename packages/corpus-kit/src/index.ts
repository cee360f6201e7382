export { CaptionCorpus, corpusInfo, inspectSplits, openedFrom } from './caption-corpus.js';
