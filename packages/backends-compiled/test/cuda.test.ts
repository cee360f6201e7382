import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cudaStatus } from '../src/cuda.js';
import { CompiledCuda } from '../src/index.js';
import { loadRuntime, sessionOptions } from '../src/runtime.js';

const listed = (await loadRuntime()).listSupportedBackends().some(({ name }) => name === 'cuda');
const here = await new CompiledCuda().status();

describe.skipIf(!listed)('the CUDA provider', () => {
  it('that is not installed is said to be so, with what to type', async () => {
    expect(await cudaStatus('/nowhere/provider.so')).toEqual({
      available: false,
      reason: expect.stringContaining('is not installed (the project has not tested it'),
      remedy: expect.stringMatching(
        /ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node.*CUDA 12 and cuDNN 9/,
      ),
    });
  });

  it.skipIf(here.available)('that is there and does not run is told from one that is not there', async () => {
    expect(await cudaStatus(fileURLToPath(import.meta.url))).toEqual({
      available: false,
      reason: expect.stringContaining('is installed but fails: '),
      remedy: expect.stringContaining('install an NVIDIA driver'),
    });
  });

  it.skipIf(here.available)('that does not work is refused where it is forced', async () => {
    const program = { name: 'p', state: {}, inputs: {}, run: () => ({ outputs: {} }) };
    await expect(new CompiledCuda().load(program, {})).rejects.toMatchObject({
      name: 'MedbenchError',
      message: here.reason,
    });
  });
});

it('leaves to the CPU what CUDA does not have', () => {
  expect(sessionOptions('cuda').executionProviders).toEqual(['cuda', 'cpu']);
  expect(sessionOptions().executionProviders).toEqual(['cpu']);
});
