export { Registry } from './registry.js';
export { createToken, type Logger, type RandomSource, Services, type Token, tokenNameIn } from './tokens.js';
