export { type GptSizes, gptModel } from './model.js';
export { Gpt77, GptDemo, GptSmall } from './plugin.js';
