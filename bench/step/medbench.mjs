// One contender of medbench in its own process: `node medbench.mjs SPEC`. SPEC is JSON: contender, what, case, method,
// files. Prints a line when it is ready, then answers each line "run N" on stdin with a line of JSON: the milliseconds
// of N steps, their results and the peak memory.
import { createInterface } from 'node:readline';

const spec = JSON.parse(process.argv[2]);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Creates the backend, or returns the reason why it is unavailable. */
async function createBackend(contender) {
  if (contender === 'compiled') {
    const { Compiled } = await import('@medbench/backends-compiled');
    return { backend: new Compiled() };
  }
  if (contender === 'xla-cpu') {
    const { XlaCpu } = await import('@medbench/backends-xla');
    return { backend: new XlaCpu() };
  }
  if (contender === 'tensorflow') {
    const { NativeTensorFlow } = await import('@medbench/backends-tensorflow');
    const tf = await import('@tensorflow/tfjs-core');
    return { backend: new NativeTensorFlow(), version: () => tf.backend().binding.TF_Version };
  }
  const { Wasm } = await import('@medbench/backends-wasm');
  const backend = new Wasm();
  if (contender === 'wasm-as-shipped') {
    // Keeps the matrix product of TensorFlow.js's own WebAssembly backend, before medbench's replaces it.
    const { createRequire } = await import('node:module');
    createRequire(new URL('../../packages/backends-wasm/package.json', import.meta.url))(
      '@tensorflow/tfjs-backend-wasm',
    );
    const tf = await import('@tensorflow/tfjs-core');
    const shipped = tf.getKernel('BatchMatMul', 'wasm');
    await backend.status();
    tf.unregisterKernel('BatchMatMul', 'wasm');
    tf.registerKernel(shipped);
  }
  return { backend };
}

const { backend, version } = await createBackend(spec.contender);
const status = await backend.status();
if (!status.available) {
  say({ unavailable: status.reason });
  process.exit(0);
}
const { work } = await import(`./work-${spec.what}.mjs`);
const imported = performance.now();
// Without the self-check: it belongs to the tests, and would only add memory here.
const { step, dispose } = await work(spec, backend, {
  selfCheck: false,
  log: (line) => console.error(line),
  ...(process.env.MEDBENCH_CACHE ? { cache: process.env.MEDBENCH_CACHE } : {}),
});
const loaded = performance.now();
say({ ready: (loaded - imported) / 1000, imported: imported / 1000, version: version?.() });
let done = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line.split(' ')[1]);
  const ms = [];
  const results = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    const result = await step(done++);
    ms.push(performance.now() - from);
    results.push(result);
  }
  say({ ms, results, peakMiB: process.resourceUsage().maxRSS / 1024 });
}
await dispose();
