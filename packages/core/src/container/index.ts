export { composeRegistry, type Services, silentLogger } from './compose.js';
export { Registry } from './registry.js';
export { createToken, type Logger, type Token, Tokens } from './tokens.js';
