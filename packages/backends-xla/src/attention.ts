import { compareTensors } from '@medbench/backend-trace';
import { type HostTensor, type LoadOptions, MedbenchError, type Precision, random, readVariable } from '@medbench/core';
import { CUDA_OPTIONS } from './cuda.js';
import { firstLine } from './errors.js';
import { type Attention, HloBuilder } from './hlo/builder.js';
import { attention, attentionGradients } from './kernels/attention.js';
import { cudnnAttention, cudnnAttentionGradients } from './kernels/cudnn-attention.js';
import type { Client } from './pjrt/index.js';
import { placeTensor } from './placement.js';

/** Attentions that are checked: as in a ViT at 224² with patches of 16, and as in a text tower of 77 tokens. */
const CHECKED = [
  { length: 197, causal: false },
  { length: 77, causal: true },
] as const;
const HEADS = 4;
const WIDTH = 64 * HEADS;
const BATCH = 2;

/** Largest relative difference (L2) of the two forms. Either has the rounding of bfloat16, 2⁻⁹ for each value. */
const TOLERANCE = 0.03;

/** Values of `MEDBENCH_XLA_ATTENTION`. */
const CHOICES: readonly string[] = ['auto', 'composed', 'cudnn'];

/** The largest difference of cuDNN's attention on the devices of a client, found once. */
const DIFFERENCES = new WeakMap<Client, Promise<number>>();

/**
 * Chooses how attention is written: as calls of cuDNN on one NVIDIA GPU in bfloat16, if they agree there with the composed
 * form. `MEDBENCH_XLA_ATTENTION` says `composed` or `cudnn` instead of `auto`.
 * @throws MedbenchError('usage') if the variable has another value; ('backend') if it says `cudnn` and that does not work.
 */
export async function chooseAttention(
  { client, count }: { readonly client: Client; readonly count: number },
  { precision, log }: { readonly precision?: Precision | undefined; readonly log?: LoadOptions['log'] | undefined },
): Promise<Attention> {
  const choice = readVariable('MEDBENCH_XLA_ATTENTION') ?? 'auto';
  if (!CHOICES.includes(choice))
    throw new MedbenchError('usage', `MEDBENCH_XLA_ATTENTION is "${choice}"`, {
      hint: `It is one of ${CHOICES.join(', ')}.`,
    });
  // XLA cannot divide the calls among devices.
  const isPossible = client.platform === 'cuda' && precision === 'bfloat16' && count === 1;
  if (choice === 'composed' || !isPossible) return 'composed';
  const found = DIFFERENCES.get(client) ?? measureDifference(client);
  DIFFERENCES.set(client, found);
  let fault: string;
  try {
    const difference = await found;
    if (difference <= TOLERANCE) {
      log?.(`attention: by cuDNN, within ${difference.toExponential(1)} of the composed form`);
      return 'cudnn';
    }
    fault = `it differs by ${difference.toExponential(1)} from the composed form`;
  } catch (error) {
    fault = firstLine(error);
  }
  if (choice === 'cudnn')
    throw new MedbenchError('backend', `cuDNN's attention does not work here: ${fault}`, {
      hint: 'Unset MEDBENCH_XLA_ATTENTION: attention is then composed.',
    });
  log?.(`attention: composed, because cuDNN's does not work here: ${fault}`);
  return 'composed';
}

/** The StableHLO of an attention and its gradients, on the weights `q`, `k`, `v` and `dy`, `[B, T, h d]`. */
export function attentionModule(form: Attention, length: number, causal: boolean): string {
  const b = new HloBuilder('bfloat16', form);
  const spec = { shape: [BATCH, length, WIDTH], dtype: 'float32' } as const;
  const [q, k, v, dy] = ['q', 'k', 'v', 'dy'].map((name) => b.input(`state/${name}`, spec));
  const mask = Float32Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? -1e9 : 0,
  );
  const inputs = {
    ...{ q: q!, k: k!, v: v! },
    ...(causal ? { mask: b.constant(mask, { shape: [length, length], dtype: 'float32' }) } : {}),
  };
  const attributes = { heads: HEADS, causal };
  const outputs =
    form === 'cudnn'
      ? [cudnnAttention(b, inputs, attributes), ...cudnnAttentionGradients(b, { ...inputs, dy: dy! }, attributes)]
      : [attention(b, inputs, attributes), ...attentionGradients(b, { ...inputs, dy: dy! }, attributes)];
  return b.write('attention', Object.fromEntries(outputs.map((value, i) => [`output/${i}`, value])), {}).text;
}

/** The largest relative difference (L2) of cuDNN's attention and its gradients from the composed form. */
async function measureDifference(client: Client): Promise<number> {
  let largest = 0;
  for (const { length, causal } of CHECKED) {
    const [composed, called] = await Promise.all(
      (['composed', 'cudnn'] as const).map((form) => run(client, attentionModule(form, length, causal), length)),
    );
    composed!.forEach((expected, i) => {
      // NaN stays, and is within no tolerance.
      largest = Math.max(largest, compareTensors(called![i]!, expected).relative);
    });
  }
  return largest;
}

/** Runs a module of `attentionModule` on normal numbers. */
async function run(client: Client, text: string, length: number): Promise<HostTensor[]> {
  const shape = [BATCH, length, WIDTH];
  const executable = await client.compile(text, CUDA_OPTIONS);
  const sent = [];
  try {
    for (const name of ['q', 'k', 'v', 'dy']) {
      const stream = random(0, 'attention', name);
      const data = Float32Array.from({ length: BATCH * length * WIDTH }, () => stream.normal());
      sent.push(await placeTensor(client, { shape, dtype: 'float32', data }, 1));
    }
    const { outputs, events } = await executable.start([sent.map(({ parts }) => parts[0]!.handle)]);
    const results = outputs[0]!.map((handle) => client.buffer(handle, { shape, dtype: 'float32' }));
    try {
      await client.plugin.settle(events);
      const values = [];
      for (const result of results) values.push(await result.read());
      return values;
    } finally {
      for (const result of results) result.destroy();
    }
  } finally {
    for (const one of sent) one.destroy();
    executable.destroy();
  }
}
