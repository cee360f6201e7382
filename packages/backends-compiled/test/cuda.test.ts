import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cudaStatus } from '../src/cuda.js';
import { CompiledCuda } from '../src/index.js';
import { loadRuntime, sessionOptions } from '../src/runtime.js';

const listed = (await loadRuntime()).listSupportedBackends().some(({ name }) => name === 'cuda');
const here = await new CompiledCuda().status();

describe.skipIf(!listed)('the CUDA provider', () => {
  it('is reported as not installed, with the command that installs it', async () => {
    expect(await cudaStatus('/nowhere/provider.so')).toEqual({
      available: false,
      reason: expect.stringContaining('is not installed (the project has not tested it'),
      remedy: expect.stringMatching(
        /ONNXRUNTIME_NODE_INSTALL=cuda12 npm install onnxruntime-node.*CUDA 12 and cuDNN 9/,
      ),
    });
  });

  it.skipIf(here.available)('is reported as installed but failing, if its library does not run', async () => {
    expect(await cudaStatus(fileURLToPath(import.meta.url))).toEqual({
      available: false,
      reason: expect.stringContaining('is installed but fails: '),
      remedy: expect.stringContaining('install an NVIDIA driver'),
    });
  });

  it.skipIf(here.available)('is refused with the reason if the user selects it and it does not work', async () => {
    const program = { name: 'p', state: {}, inputs: {}, run: () => ({ outputs: {} }) };
    await expect(new CompiledCuda().load(program, {})).rejects.toMatchObject({
      name: 'MedbenchError',
      message: here.reason,
    });
  });
});

it('the CUDA session runs operators that CUDA lacks on the CPU', () => {
  expect(sessionOptions('cuda').executionProviders).toEqual(['cuda', 'cpu']);
  expect(sessionOptions().executionProviders).toEqual(['cpu']);
});
