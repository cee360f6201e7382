export { CaptionCorpus, corpusFactsOf, inspectionOf, openedFrom } from './caption-corpus.js';
