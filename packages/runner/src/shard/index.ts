export { SHARDS_FILE, type ShardedCorpus, type ShardOptions, shardCorpus, TERMS_FILE } from './shard.js';
