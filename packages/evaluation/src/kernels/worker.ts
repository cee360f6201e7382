// A thread that computes parts of the loss of logistic regressions, one fit after another (see loss-workers.ts), or
// ranks the texts and images that it is started with (see rank-threads.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { LayerProducts } from './layer-products.js';
import { lossParts } from './loss-parts.js';
import { CONTROL, type LossJob } from './loss-workers.js';

function serve({ control, x, labels, d, outputs, parameters, parts }: LossJob): void {
  const products = new LayerProducts(d, outputs);
  products.cacheFeatures(x);
  const rows = labels.length;
  let done = 0;
  Atomics.add(control, CONTROL.ready, 1);
  for (;;) {
    Atomics.wait(control, CONTROL.evaluation, done);
    const evaluation = Atomics.load(control, CONTROL.evaluation);
    if (evaluation < 0) return;
    if (evaluation === done) continue;
    lossParts(products, { x, labels, rows }, parameters, parts);
    done = evaluation;
    Atomics.add(control, CONTROL.finished, 1);
    Atomics.notify(control, CONTROL.finished);
  }
}

if (workerData) {
  const { rankOnThread } = await import('../retrieval/rank-thread.js');
  parentPort!.postMessage(await rankOnThread(workerData));
} else parentPort!.on('message', serve);
