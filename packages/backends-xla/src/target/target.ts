import { join } from 'node:path';
import { ProgramCache } from '@medbench/backend-trace';
import {
  type EstimateOptions,
  MedbenchError,
  type Precision,
  type Program,
  type ProgramMemory,
  readVariable,
  type TargetDevice,
} from '@medbench/core';
import { CUDA_OPTIONS, MEMORY_SHARE } from '../cuda.js';
import { locatePlugin } from '../engines/locate.js';
import { firstLine, programError } from '../errors.js';
import { type CompiledMemory, Plugin, Topology } from '../pjrt/index.js';
import { traceProgram } from '../trace.js';
import { findGpu, type GpuDescription } from './descriptions.js';
import { deviceMemoryOf } from './memory.js';

/** Format of the kept figures, part of their key. Increase the number when the format changes. */
const FORMAT = 'compiled memory, 1';

/** A GPU that need not be here, and a plugin that compiles for it. */
class GpuTarget implements TargetDevice {
  readonly id: string;
  readonly title: string;
  readonly precisions: readonly Precision[] = ['float32', 'tf32', 'bfloat16'];

  constructor(
    backend: string,
    private readonly plugin: Plugin,
    private readonly gpu: GpuDescription,
  ) {
    this.id = backend;
    this.title = gpu.name;
  }

  async deviceMemory(): Promise<number> {
    return Math.floor(MEMORY_SHARE * this.gpu.memoryBytes);
  }

  async estimate(
    program: Program,
    { precision, devices = 1, cache, log = () => {} }: EstimateOptions = {},
  ): Promise<ProgramMemory> {
    // Nothing runs, so one recording is enough.
    // Whether a GPU's cuDNN agrees is known there alone, and the composed form takes more memory.
    const asked = readVariable('MEDBENCH_XLA_ATTENTION') === 'cudnn';
    const attention = asked && precision === 'bfloat16' && devices === 1 ? 'cudnn' : 'composed';
    const traced = await traceProgram(program, {
      ...{ precision, devices, attention },
      recordedBefore: async () => true,
    });
    const kept = cache === undefined ? undefined : this.#cache(cache, devices, log);
    let compiled = parseMemory(await kept?.read(traced.model));
    if (!compiled) {
      const started = performance.now();
      compiled = await this.#compile(traced.text, devices).catch((error: unknown) => {
        throw programError(program, `compile for ${this.title}`, error);
      });
      log(`${program.name}: compiled for ${this.title} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
      const figures = Buffer.from(JSON.stringify(compiled));
      await kept?.write(traced.model, async () => figures);
    }
    return deviceMemoryOf(program, traced, compiled, devices);
  }

  async #compile(text: string, devices: number): Promise<CompiledMemory> {
    const topology = gpuTopology(this.plugin, this.gpu, devices);
    try {
      return await topology.memory(text, { ...CUDA_OPTIONS, devices: [...Array(devices).keys()] });
    } finally {
      topology.destroy();
    }
  }

  #cache(folder: string, devices: number, log: (message: string) => void): ProgramCache {
    const { plugin, gpu } = this;
    const dependencies = [JSON.stringify([FORMAT, plugin.api, plugin.attributes(), gpu.config, devices, CUDA_OPTIONS])];
    return new ProgramCache({ folder: join(folder, 'estimates'), suffix: '.json.gz', dependencies, log });
  }
}

/** So many GPUs of one machine. @throws PjrtError if the plugin cannot compile for them. */
const gpuTopology = (plugin: Plugin, { config }: GpuDescription, devices: number): Topology =>
  Topology.create(plugin, { target_config: config, topology: `1x1x${devices}` });

/** Parses kept figures; undefined if there are none. The cache has checked their digest. */
const parseMemory = (bytes: Uint8Array | undefined): CompiledMemory | undefined =>
  bytes && (JSON.parse(Buffer.from(bytes).toString()) as CompiledMemory);

/**
 * Finds an NVIDIA GPU that need not be here, and a plugin that compiles for it.
 * @throws MedbenchError('backend') with the way out if no plugin is installed or it cannot compile; ('usage') with the
 *   known names if it does not know the GPU.
 */
export async function gpuTarget(backend: string, name: string): Promise<TargetDevice> {
  const located = locatePlugin('xla-cuda13') ?? locatePlugin('xla-cuda12') ?? locatePlugin('xla-cuda13-compiler');
  if (!located)
    throw new MedbenchError('backend', 'No compiler for NVIDIA GPUs is installed', {
      hint: 'medbench engines add xla-cuda13-compiler (needs no GPU)',
    });
  const gpu = await findGpu(located.path, name);
  const plugin = Plugin.open(located.path);
  try {
    gpuTopology(plugin, gpu, 1).destroy();
    return new GpuTarget(backend, plugin, gpu);
  } catch (error) {
    throw new MedbenchError('backend', `${located.path} cannot compile for ${gpu.name}: ${firstLine(error)}`, {
      hint: 'medbench engines add xla-cuda13-compiler fetches a plugin that can.',
      cause: error,
    });
  }
}
