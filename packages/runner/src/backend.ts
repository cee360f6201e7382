import type { Backend, BackendStatus, EstimateOptions, LoadOptions, Program, TargetDevice } from '@medbench/core';
import {
  checkDivision,
  checkedDevices,
  checkedPrecision,
  errorMessage,
  isMedbenchError,
  MedbenchError,
} from '@medbench/core';
import { type CatalogueEntry, entriesOfKind, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import type { Config } from './config/schema.js';

/** A backend and whether it works on this machine. */
export interface BackendReport {
  readonly entry: CatalogueEntry<'backend'>;
  readonly status: BackendStatus;
}

/** Returns the status of one backend; a backend that does not load counts as unavailable. */
async function inspectBackend(registry: Registry, id: string): Promise<BackendStatus> {
  try {
    return await (await registry.get('backend', id)).status();
  } catch (error) {
    // The user must correct a wrong environment variable. Falling back to a slower backend would hide it.
    if (isMedbenchError(error) && error.code === 'usage') throw error;
    return { available: false, reason: `does not load: ${errorMessage(error)}` };
  }
}

/**
 * Returns the status of every backend, in the order in which `auto` tries them: a working GPU first, then by priority.
 * @throws MedbenchError('usage') if a backend reads an environment variable that has a wrong value.
 */
export async function inspectBackends(registry: Registry): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const entry of entriesOfKind(registry.catalogue, 'backend')) {
    reports.push({ entry, status: await inspectBackend(registry, entry.id) });
  }
  const rank = ({ entry, status }: BackendReport): number =>
    (status.available && status.gpu ? -1000 : 0) + entry.info.priority;
  return reports.sort((a, b) => rank(a) - rank(b));
}

/**
 * Wraps a backend so that all sessions of a run share options: the folder in which compiled programs are cached, and
 * the number of threads.
 */
export const withOptions = (backend: Backend, shared: Pick<LoadOptions, 'cache' | 'threads'>): Backend => ({
  ...(backend.module ? { module: backend.module } : {}),
  ...(backend.precisions ? { precisions: backend.precisions } : {}),
  status: () => backend.status(),
  load: (program, state, options) => backend.load(program, state, { ...shared, ...options }),
  ...withEstimateOptions(backend, shared),
});

/** The part of a backend that memory is estimated by. */
type Estimating = Pick<Backend, 'id' | 'estimate' | 'deviceMemory' | 'takesLevels'>;

/**
 * Passes to each estimate the folder in which compilers keep what they make, and the number of threads: what is compiled to
 * estimate is then there for the run.
 */
export const withEstimateOptions = (
  backend: Estimating,
  { cache, threads }: Pick<LoadOptions, 'cache' | 'threads'>,
): Estimating => ({
  id: backend.id,
  ...(backend.takesLevels ? { takesLevels: true } : {}),
  ...(backend.estimate
    ? {
        estimate: (program: Program, options?: EstimateOptions) =>
          backend.estimate!(program, {
            ...(cache === undefined ? {} : { cache }),
            ...(threads === undefined ? {} : { threads }),
            ...options,
          }),
      }
    : {}),
  ...(backend.deviceMemory ? { deviceMemory: () => backend.deviceMemory!() } : {}),
});

/**
 * Finds a device to plan for, which need not be here. `auto` asks every backend that can compile for one.
 * @throws MedbenchError('usage') with the known names; ('backend') with the way out if nothing can compile for a device
 *   here, or the requested backend cannot.
 */
export async function chooseDevice(
  registry: Registry,
  { backend: id, training }: Pick<Config, 'backend' | 'training'>,
  name: string,
): Promise<TargetDevice> {
  const ids = id === 'auto' ? entriesOfKind(registry.catalogue, 'backend').map((entry) => entry.id) : [id];
  let reason: unknown;
  for (const candidate of ids) {
    const backend = await registry.get('backend', candidate);
    if (!backend.forDevice) continue;
    try {
      const device = await backend.forDevice(name);
      checkedPrecision(device, training.precision);
      checkDivision(training);
      return device;
    } catch (error) {
      if (isMedbenchError(error) && error.code !== 'backend') throw error;
      reason ??= error;
    }
  }
  if (reason !== undefined) throw reason;
  throw new MedbenchError('backend', `The backend ${id} cannot compile for a device that is not here`, {
    hint: 'Leave --backend out, or take xla-cuda.',
  });
}

/** The backend of a run, and why it was taken. */
interface Choice {
  readonly id: string;
  readonly backend: Backend;
  readonly why: string;
}

/** How a backend is chosen. */
export interface BackendChoice {
  /** Whether the run computes on other machines: then the requested backend need not work on this one. Default: no. */
  readonly elsewhere?: boolean;
}

/**
 * Returns the backend of a run. `auto` takes the first backend that works on this machine.
 * @throws MedbenchError('backend') with the reason if the requested backend, or with `auto` every backend, does not
 *   work; ('config') if it does not have the precision or the devices of the training, before anything is trained.
 */
export async function chooseBackend(
  registry: Registry,
  { backend: id, training }: Pick<Config, 'backend' | 'training'>,
  { elsewhere = false }: BackendChoice = {},
): Promise<Choice> {
  const choice =
    elsewhere && id !== 'auto'
      ? { id, backend: await registry.get('backend', id), why: 'requested' }
      : await findBackend(registry, id);
  checkedPrecision(choice.backend, training.precision);
  // How many devices the other machines have, only they know.
  if (elsewhere) checkDivision(training);
  else await checkedDevices(choice.backend, training);
  return choice;
}

async function findBackend(registry: Registry, id: string): Promise<Choice> {
  if (id !== 'auto') {
    findEntry(registry.catalogue, 'backend', id);
    const status = await inspectBackend(registry, id);
    if (!status.available) {
      throw new MedbenchError('backend', `The backend "${id}" does not work here: ${status.reason}`, {
        hint: status.remedy ?? 'See medbench doctor.',
      });
    }
    return { id, backend: await registry.get('backend', id), why: 'requested' };
  }
  const reports = await inspectBackends(registry);
  const chosen = reports.find(({ status }) => status.available);
  if (!chosen) {
    const reasons = reports.map(({ entry, status }) => `${entry.id}: ${status.reason}`).join('; ');
    throw new MedbenchError('backend', `No backend works here (${reasons || 'none is installed'})`, {
      hint: 'See medbench doctor.',
    });
  }
  let why = chosen.status.reason;
  const [first] = reports;
  if (first && first !== chosen) {
    // Says what the usual backend lacks, so that nobody waits for a slow one without knowing.
    const { reason, remedy } = first.status;
    why += `; ${first.entry.id} does not work: ${reason}${remedy ? ` (${remedy})` : ''}`;
  }
  return { id: chosen.entry.id, backend: await registry.get('backend', chosen.entry.id), why };
}
