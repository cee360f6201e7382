import type {
  BackendStatus,
  EstimateOptions,
  HostTensors,
  LoadOptions,
  Program,
  ProgramMemory,
  Session,
  TargetDevice,
} from '@medbench/core';
import { Backend, MedbenchError, readVariable, threadCount } from '@medbench/core';
import { compileProgram } from './compile.js';
import { MEMORY_SHARE } from './cuda.js';
import { type DeviceRequest, openDevice } from './device.js';
import { ENGINES, type EngineId } from './engines/catalogue.js';
import { locatePlugin } from './engines/locate.js';
import { firstLine } from './errors.js';
import type { Client } from './pjrt/index.js';
import { xlaSession } from './session.js';
import { deviceMemoryOf, processMemoryOf } from './target/memory.js';
import { gpuTarget } from './target/target.js';

/** A plugin with its options, or why there is none. */
type Found = Omit<DeviceRequest, 'threads'> | { readonly reason: string; readonly remedy: string };

/** Runs programs on the first devices of a PJRT plugin. */
abstract class PjrtBackend {
  /** Finds the plugin. */
  protected abstract find(): Found;
  /** The way out if the plugin has no device. */
  protected abstract readonly deviceRemedy: string;
  /** Whether the number of threads matters: a CPU has a client for each. */
  protected readonly hasThreads: boolean = false;
  /** Most virtual devices that a client makes where it is asked for; 0 if its devices are real. */
  protected readonly virtualDevices: number = 0;
  readonly takesLevels = true;

  async status(): Promise<BackendStatus> {
    const found = this.find();
    if ('reason' in found) return { available: false, ...found };
    try {
      const client = await openDevice(this.#device(found));
      const { platform, deviceKind, deviceCount, plugin } = client;
      const { virtualDevices } = this;
      const real = deviceCount === 1 ? '1 device' : `${deviceCount} devices`;
      const count = virtualDevices ? `up to ${virtualDevices} virtual devices` : real;
      const device = deviceKind === platform ? platform : `${platform}, ${deviceKind}`;
      return {
        available: true,
        gpu: platform !== 'cpu',
        devices: virtualDevices || deviceCount,
        reason: `PJRT 0.${plugin.api.minor} works on ${device}, ${count} (${found.path})`,
      };
    } catch (error) {
      return { available: false, reason: `${found.path}: ${firstLine(error)}`, remedy: this.#remedy(error) };
    }
  }

  async load(program: Program, state: HostTensors, options: LoadOptions = {}): Promise<Session> {
    const found = this.find();
    if ('reason' in found) throw new MedbenchError('backend', found.reason, { hint: found.remedy });
    try {
      return await xlaSession(program, state, options, this.#device(found, options));
    } catch (error) {
      if (error instanceof MedbenchError) throw error;
      throw new MedbenchError('backend', `${found.path}: ${firstLine(error)}`, {
        hint: this.#remedy(error),
        cause: error,
      });
    }
  }

  /** An error of this package has a hint; one of the plugin is about its device. */
  #remedy(error: unknown): string {
    return (error instanceof MedbenchError && error.hint) || this.deviceRemedy;
  }

  protected async openClient(options?: EstimateOptions): Promise<Client> {
    const found = this.find();
    if ('reason' in found) throw new MedbenchError('backend', found.reason, { hint: found.remedy });
    return openDevice(this.#device(found, options));
  }

  /** Compiles a program for the device, and asks what memory it takes there. A session that loads it takes it from the cache. */
  protected async compiledMemory(program: Program, options: EstimateOptions) {
    const client = await this.openClient(options);
    const { devices: count = 1 } = options;
    const threads = this.#threads(options);
    const { traced, executable } = await compileProgram(program, { client, count }, options, threads);
    try {
      return { traced, onDevice: deviceMemoryOf(program, traced, executable.memory(), count) };
    } finally {
      executable.destroy();
    }
  }

  #threads({ threads }: Pick<LoadOptions, 'threads'>): number | undefined {
    return this.hasThreads ? (threads ?? threadCount()) : undefined;
  }

  #device(
    { path, options }: Omit<DeviceRequest, 'threads'>,
    given: Pick<LoadOptions, 'threads' | 'devices'> = {},
  ): DeviceRequest {
    const { devices = 1 } = given;
    return {
      path,
      // By default a CPU has four virtual devices, which divide the cores.
      options: this.virtualDevices ? { ...options, cpu_device_count: devices } : options,
      threads: this.#threads(given),
    };
  }
}

/** A backend whose programs take the memory of a device. */
abstract class DeviceBackend extends PjrtBackend {
  async deviceMemory(): Promise<number> {
    return (await this.openClient()).memoryLimit;
  }

  async estimate(program: Program, options: EstimateOptions = {}): Promise<ProgramMemory> {
    return (await this.compiledMemory(program, options)).onDevice;
  }
}

/**
 * Finds the plugin of the first engine that is installed.
 * @param remedy the command that installs one.
 */
function findEngine(ids: readonly EngineId[], options: DeviceRequest['options'], remedy: string): Found {
  for (const id of ids) {
    const located = locatePlugin(id);
    if (located) return { path: located.path, options };
  }
  const [first] = ids as [EngineId];
  return { reason: `${ENGINES[first].title} is not installed`, remedy };
}

/**
 * XLA on the CPU: for tests, for checks of what an accelerator would run, and for anyone who wants it. `auto` prefers
 * every other backend.
 */
@Backend({ id: 'xla-cpu', title: 'TensorFlow.js compiled by XLA, on the CPU', priority: 90 })
export class XlaCpu extends PjrtBackend implements Backend {
  readonly id = 'xla-cpu';
  // A CPU has no TF32.
  readonly precisions = ['float32', 'bfloat16'] as const;
  protected override readonly hasThreads = true;
  protected override readonly virtualDevices = 64;
  protected readonly deviceRemedy = 'medbench engines remove xla-cpu, and add it again';

  protected find(): Found {
    return findEngine(['xla-cpu'], {}, 'medbench engines add xla-cpu');
  }

  /** Programs take the memory of the process, each virtual device its own. */
  async estimate(program: Program, options: EstimateOptions = {}): Promise<ProgramMemory> {
    const { traced, onDevice } = await this.compiledMemory(program, options);
    return processMemoryOf(program, traced, onDevice, options.devices);
  }
}

/**
 * XLA on an NVIDIA GPU, by the plugin of `medbench engines add`. Where a device is there, `auto` takes it before every
 * other backend. The project has no GPU, so it has not run there.
 */
@Backend({ id: 'xla-cuda', title: 'TensorFlow.js compiled by XLA, on an NVIDIA GPU', priority: 15 })
export class XlaCuda extends DeviceBackend implements Backend {
  readonly id = 'xla-cuda';
  readonly precisions = ['float32', 'tf32', 'bfloat16'] as const;
  protected readonly deviceRemedy =
    'install an NVIDIA driver (R580 or later for xla-cuda13, R525 for xla-cuda12); nvidia-smi must list the GPU';

  protected find(): Found {
    // By default a client takes three quarters of the memory at once, also to say whether it works.
    return findEngine(
      ['xla-cuda13', 'xla-cuda12'],
      { preallocate: false, memory_fraction: MEMORY_SHARE },
      'medbench engines add xla-cuda13 (xla-cuda12 with a driver older than R580)',
    );
  }

  /** Finds an NVIDIA GPU by its name. @throws MedbenchError if no plugin that compiles for it is installed. */
  forDevice(name: string): Promise<TargetDevice> {
    return gpuTarget(this.id, name);
  }
}

/** Any PJRT plugin, by its path. */
@Backend({ id: 'xla-plugin', title: 'TensorFlow.js compiled by XLA, on a PJRT plugin of yours', priority: 12 })
export class XlaPlugin extends DeviceBackend implements Backend {
  readonly id = 'xla-plugin';
  readonly precisions = ['float32', 'tf32', 'bfloat16'] as const;
  protected readonly deviceRemedy = 'set MEDBENCH_XLA_PLUGIN to a plugin for a device of this machine, or unset it';

  protected find(): Found {
    const path = readVariable('MEDBENCH_XLA_PLUGIN');
    if (path !== undefined) return { path, options: {} };
    return {
      reason: 'MEDBENCH_XLA_PLUGIN names no PJRT plugin',
      remedy: 'set it to the path of a plugin, such as xla_cuda_plugin.so',
    };
  }
}
