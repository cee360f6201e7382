import type { Backend, BackendStatus, LoadOptions, Program } from '@medbench/core';
import { checkedPrecision, errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';
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
  id: backend.id,
  ...(backend.module ? { module: backend.module } : {}),
  ...(backend.precisions ? { precisions: backend.precisions } : {}),
  status: () => backend.status(),
  load: (program, state, options) => backend.load(program, state, { ...shared, ...options }),
  ...(backend.estimate ? { estimate: (program: Program) => backend.estimate!(program) } : {}),
});

/** The backend of a run, and why it was taken. */
interface Choice {
  readonly id: string;
  readonly backend: Backend;
  readonly why: string;
}

/**
 * Returns the backend of a run. `auto` takes the first backend that works.
 * @throws MedbenchError('backend') with the reason if the requested backend, or with `auto` every backend, does not
 *   work; ('config') if it does not have the precision of the training, before anything is trained.
 */
export async function chooseBackend(
  registry: Registry,
  { backend: id, training }: Pick<Config, 'backend' | 'training'>,
): Promise<Choice> {
  const choice = await findBackend(registry, id);
  checkedPrecision(choice.backend, training.precision);
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
