import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ATTENTION_CASES, attentionCase } from '../../backend-trace/test/attention-cases.js';
import { attentionModule, chooseAttention } from '../src/attention.js';
import { CUDA_OPTIONS } from '../src/cuda.js';
import { openDevice } from '../src/device.js';
import { ENGINES } from '../src/engines/catalogue.js';
import { engineFolder, MANIFEST } from '../src/engines/locate.js';
import { traceToStableHlo } from '../src/index.js';
import { Plugin, Topology } from '../src/pjrt/index.js';
import { findGpu } from '../src/target/descriptions.js';
import { cpuPlugin } from './cpu-plugin.js';

const CALLS = /__cudnn\$fmhaSoftmax(Backward)?"/g;
const callsOf = (text: string): string[] => text.match(CALLS) ?? [];

afterEach(() => vi.unstubAllEnvs());

describe('attention as calls of cuDNN', () => {
  it('is one call forward and one backward, with the mask in words', () => {
    for (const causal of [false, true]) {
      const text = attentionModule('cudnn', 77, causal);
      // The backward pass takes the results of the forward call: it is not made twice.
      expect(callsOf(text)).toEqual(['__cudnn$fmhaSoftmax"', '__cudnn$fmhaSoftmaxBackward"']);
      expect(text).toContain(`\\22mask_type\\22:\\22${causal ? 'CAUSAL' : 'NO_MASK'}\\22`);
      expect(text).toContain(`\\22fmha_scale\\22:${1 / Math.sqrt(64)}`);
      expect(text).not.toContain('stablehlo.exponential');
      expect(callsOf(attentionModule('composed', 77, causal))).toEqual([]);
    }
  });

  it('leaves float32, masks of each example, and what asks for neither to the composed form', async () => {
    for (const testCase of ATTENTION_CASES) {
      const { program } = attentionCase(testCase);
      const lowered = await traceToStableHlo(program, { precision: 'bfloat16', attention: 'cudnn' });
      // These cases have a bias, or a mask without saying that it is causal.
      expect(callsOf(lowered.text)).toHaveLength(testCase.mask || testCase.biases ? 0 : 2);
      expect(callsOf((await traceToStableHlo(program, { attention: 'cudnn' })).text)).toEqual([]);
      expect(callsOf((await traceToStableHlo(program, { precision: 'bfloat16' })).text)).toEqual([]);
    }
  });

  it.skipIf(!cpuPlugin)('is chosen on no CPU, and its variable has three values', async () => {
    const client = await openDevice({ path: cpuPlugin!, options: {}, threads: 1 });
    const devices = { client, count: 1 };
    expect(await chooseAttention(devices, { precision: 'bfloat16' })).toBe('composed');
    vi.stubEnv('MEDBENCH_XLA_ATTENTION', 'flash');
    await expect(chooseAttention(devices, {})).rejects.toMatchObject({
      code: 'usage',
      message: 'MEDBENCH_XLA_ATTENTION is "flash"',
      hint: 'It is one of auto, composed, cudnn.',
    });
  });

  // Takes a compiler of 257 MB, which is only for those who plan for a GPU. What the calls compute has not run.
  const folder = engineFolder('xla-cuda13-compiler');
  it.skipIf(!existsSync(join(folder, MANIFEST)))('is accepted by the compiler for an H100', async () => {
    const path = join(folder, ENGINES['xla-cuda13-compiler'].plugin);
    const topology = Topology.create(Plugin.open(path), {
      target_config: (await findGpu(path, 'h100')).config,
      topology: '1x1x1',
    });
    const memory = (form: 'composed' | 'cudnn') => topology.memory(attentionModule(form, 197, false), CUDA_OPTIONS);
    const [composed, called] = [await memory('composed'), await memory('cudnn')];
    expect(called.temporary).toBeLessThan(composed.temporary);
    topology.destroy();
  });
});
