export { Registry } from './registry.js';
export { createToken, type Logger, type Token, Tokens } from './tokens.js';
