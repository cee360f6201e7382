export { type FactsPlugin, medbenchFacts } from './plugin.js';
export { writeFacts } from './write-facts.js';
