export { CaptionCorpus, corpusInfo, inspectSplits, toOpenedCorpus } from './caption-corpus.js';
export { areGenerated, fingerprintData, remoteFiles, resolveFiles } from './data-files.js';
export { ShardCorpus, type ShardSource, shardOrderSetting } from './shard-corpus.js';
