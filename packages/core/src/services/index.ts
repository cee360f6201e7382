// Lets a plugin ask for a class of its own package: `constructor(@inject(PhantomFiles) files: PhantomFiles)`.
export { inject } from 'inversify';
export { Registry } from './registry.js';
export { type Logger, type RandomSource, Services } from './services.js';
export { createToken, type Token } from './token.js';
