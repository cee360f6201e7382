export { type GptSizes, gptModel } from './model.js';
export * from './plugin.js';
