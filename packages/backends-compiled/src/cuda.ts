import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BackendStatus, errorMessage } from '@medbench/core';
import { encodeModel } from './graph/protobuf.js';
import { findRuntime, loadRuntime, type OnnxRuntime, remedy, sessionOptions } from './runtime.js';

const REQUIREMENTS = 'an NVIDIA driver, CUDA 12 and cuDNN 9 where the loader finds them (LD_LIBRARY_PATH)';
const INSTALL_COMMAND = `ONNXRUNTIME_NODE_INSTALL=cuda12 npm install onnxruntime-node (its script downloads the provider), with ${REQUIREMENTS}`;

/** Path at which onnxruntime-node's install script puts the CUDA provider; '' if ONNX Runtime is not installed. */
function providerFile(entry = findRuntime()): string {
  if (entry === undefined) return '';
  const { platform, arch } = process;
  return join(dirname(entry), '..', 'bin', 'napi-v6', platform, arch, 'libonnxruntime_providers_cuda.so');
}

/** Adds a number to itself on CUDA. @throws the error of ONNX Runtime, or an Error if the sum is wrong. */
async function addOnCuda({ InferenceSession, Tensor }: OnnxRuntime): Promise<void> {
  const value = (name: string) => ({ name, shape: [1], dtype: 'float32' as const });
  const model = encodeModel({
    nodes: [{ op: 'Add', domain: '', inputs: ['x', 'x'], outputs: ['y'], attributes: {} }],
    initializers: [],
    inputs: [value('x')],
    outputs: [value('y')],
  });
  const session = await InferenceSession.create(model, sessionOptions('cuda'));
  try {
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(21), [1]) });
    if ((y!.data as Float32Array)[0] !== 42) throw new Error('CUDA did not compute 21 + 21 as 42');
  } finally {
    await session.release();
  }
}

/**
 * Whether ONNX Runtime computes on CUDA here: the package must list the provider for this machine, the provider's
 * library must be installed, and a session must run on it. The package lists the provider even if the library is not
 * installed.
 */
export async function cudaStatus(file = providerFile()): Promise<BackendStatus> {
  try {
    const runtime = await loadRuntime();
    const { platform, arch } = process;
    if (!runtime.listSupportedBackends().some(({ name }) => name === 'cuda'))
      return { available: false, reason: `onnxruntime-node has no CUDA provider for ${platform}-${arch}` };
    if (!existsSync(file))
      return {
        available: false,
        reason: "ONNX Runtime's CUDA provider is not installed (the project has not tested it: it has no GPU)",
        remedy: INSTALL_COMMAND,
      };
    try {
      await addOnCuda(runtime);
    } catch (error) {
      const [line] = errorMessage(error).split('\n');
      return {
        available: false,
        reason: `ONNX Runtime's CUDA provider is installed but fails: ${line}`,
        remedy: `install ${REQUIREMENTS}`,
      };
    }
    return {
      available: true,
      gpu: true,
      reason: "ONNX Runtime's CUDA provider works (the project has not tested it: it has no GPU)",
    };
  } catch (error) {
    return { available: false, reason: errorMessage(error), remedy: remedy() };
  }
}
