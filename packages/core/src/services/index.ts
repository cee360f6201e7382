export { Registry } from './registry.js';
export { type Logger, type RandomSource, Services } from './services.js';
export { createToken, type Token } from './token.js';
