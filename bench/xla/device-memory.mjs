// npm run bench:device-memory [-- --device h100 --methods all|clip|ID,... --batch 512 --precision bfloat16]
// Compiles the training steps of the study's size (ViT-B/16 and GPT/77) for a GPU that is not here, and prints what
// memory they take there by the compiler's figures, as `medbench plan --device` does. A step that does not fit is split.
// Takes minutes for each program, so the figures are kept in the cache (MEDBENCH_CACHE).
import { parseArgs } from 'node:util';
import { XlaCuda } from '@medbench/backends-xla';
import { predictMemory } from '@medbench/training';
import { CASES, METHODS, setUpCase, trainingSettings } from '../step/cases.mjs';

const { values: options } = parseArgs({
  options: {
    device: { type: 'string', default: 'h100' },
    methods: { type: 'string', default: 'all' },
    batch: { type: 'string', default: '512' },
    precision: { type: 'string', default: 'bfloat16' },
  },
});
const { MEDBENCH_CACHE: cache = '.medbench' } = process.env;
const methods = options.methods === 'all' ? METHODS : options.methods.split(',');
CASES.c.batch = Number(options.batch);
const target = await new XlaCuda().forDevice(options.device);
const budget = await target.deviceMemory();
const gib = (bytes) => (bytes / 2 ** 30).toFixed(1);
console.log(
  `${target.title}, ${gib(budget)} GiB for programs; ViT-B/16 and GPT/77, ${options.batch} pairs, ${options.precision}; compile: seconds of CPU time, all programs\n`,
);
console.log('| method | temporary GiB | in all GiB | as planned | in all GiB then | compile |');
console.log('| --- | --: | --: | --- | --: | --: |');
for (const id of methods) {
  const { method, model, settings } = await setUpCase('c', id);
  const programs = [];
  let seconds = 0;
  const estimator = {
    ...{ id: target.id, deviceMemory: () => target.deviceMemory() },
    async estimate(program, more) {
      const before = process.cpuUsage();
      const compiled = await target.estimate(program, { ...more, cache, log: (line) => console.error(line) });
      const { user, system } = process.cpuUsage(before);
      seconds += (user + system) / 1e6;
      programs.push(compiled);
      return compiled;
    },
  };
  const training = { ...trainingSettings('c'), precision: options.precision };
  const request = { row: id, method, settings, start: 'scratch', training };
  try {
    const { device, chunkSize } = await predictMemory(model, request, estimator);
    // Of the phases, the one that takes most; then come the programs of the chunks.
    const whole = programs[0];
    const [temporary, all] = [whole.garbageBytes, whole.bytes + whole.stateBytes];
    const plan = chunkSize === undefined ? 'whole' : `in chunks of ${chunkSize}`;
    console.log(`| ${id} | ${gib(temporary)} | ${gib(all)} | ${plan} | ${gib(device.bytes)} | ${seconds.toFixed(0)} |`);
  } catch (error) {
    console.log(`| ${id} | ${error.message.replaceAll('\n', ' ')} |`);
  }
}
process.exit(0);
