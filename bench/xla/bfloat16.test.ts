import { XlaCpu } from '@medbench/backends-xla';
import type { Precision } from '@medbench/core';
import { expect, it } from 'vitest';
import { createRow, gradientsApart, ROWS, resnet, roundToBfloat16, trainOn } from '../../tests/support/methods.js';

// npm run bench:bfloat16 [MEDBENCH_BENCH_ROWS='ViT, clip;ResNet, clip'] [MEDBENCH_BENCH_SIZES=8,32,128]
// Differences of the gradients and the loss of a first step from those in float32, from the same weights on the same batch:
// in bfloat16, and in float32 on weights that are rounded to bfloat16 once, which is what the row itself makes of a rounding.

const { MEDBENCH_BENCH_ROWS: wanted, MEDBENCH_BENCH_SIZES: sizes = '8,32,128' } = process.env;
const TRAINING = { steps: 600, warmup: 50, learningRate: 5e-5, clipNorm: null };

const cases = [
  ...ROWS.map(([name, Row, given]) => [`ViT, ${name}`, Row, given, undefined] as const),
  ...ROWS.filter(([name]) => !/^masked-cl|^flip/.test(name)).map(
    ([name, Row, given]) => [`ResNet, ${name}`, Row, given, resnet] as const,
  ),
].filter(([name]) => !wanted || wanted.split(';').includes(name));

it('prints how far bfloat16 is from float32', async () => {
  const backend = new XlaCpu();
  const { available, reason, remedy } = await backend.status();
  if (!available) throw new Error(`${reason}. Try ${remedy}.`);
  expect(cases).not.toEqual([]);
  console.log('| row | batch | gradients, bfloat16 | gradients, rounded weights | loss, bfloat16 |');
  console.log('| --- | ----: | ------------------: | -------------------------: | -------------: |');
  const rows: Record<string, string | number>[] = [];
  for (const [name, Row, given, towers] of cases) {
    for (const batchSize of sizes.split(',').map(Number)) {
      // A queue holds a batch.
      const settings = 'queue' in given ? { ...given, queue: 128 } : given;
      const row = createRow(Row, settings, { ...TRAINING, batchSize }, towers);
      const first = async (precision: Precision, start = row.start) => {
        const { losses, state } = await trainOn(backend, { ...row, start }, 1, { selfCheck: false, precision });
        return { loss: losses[0]!, state };
      };
      const full = await first('float32');
      const rounded = await first('float32', roundToBfloat16(row.start));
      const low = await first('bfloat16');
      const gradients = gradientsApart(low.state, full.state);
      const rounding = gradientsApart(rounded.state, full.state);
      const loss = Math.abs(low.loss - full.loss) / Math.abs(full.loss);
      console.log(
        `| ${name} | ${batchSize} | ${(100 * gradients).toFixed(1)} % | ${(100 * rounding).toFixed(1)} % | ${loss.toExponential(1)} |`,
      );
      rows.push({ case: name, batchSize, gradients, rounding, loss });
    }
  }
  console.log(JSON.stringify({ bench: 'bfloat16', rows }));
});
