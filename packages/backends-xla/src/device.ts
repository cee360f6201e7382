import { Client, type NamedValue, Plugin } from './pjrt/index.js';

/** A plugin and how to connect to its devices. */
export interface DeviceRequest {
  /** Path of the plugin. */
  readonly path: string;
  /** Options of the client, in the plugin's words. */
  readonly options: Readonly<Record<string, NamedValue>>;
  /** Threads of a CPU. A client has a pool of its own; the others compute on their devices. */
  readonly threads?: number | undefined;
}

/** Clients of this process. They live until it ends: a plugin is not made to give up its devices. */
const CLIENTS = new Map<string, Promise<Client>>();

/**
 * XLA takes the size of a CPU client's thread pool from this variable when the client is created; no option of a client
 * sets it.
 */
const POOL_SIZE = 'NPROC';
/** Turns of those that create a client, because they change the environment. */
let creating: Promise<unknown> = Promise.resolve();

async function createClient({ path, options, threads }: DeviceRequest): Promise<Client> {
  const plugin = Plugin.open(path);
  const before = process.env[POOL_SIZE];
  if (threads !== undefined) process.env[POOL_SIZE] = String(threads);
  try {
    return await Client.create(plugin, options);
  } finally {
    if (before === undefined) delete process.env[POOL_SIZE];
    else process.env[POOL_SIZE] = before;
  }
}

/**
 * Connects to the devices of a plugin, once for each number of threads and each set of options.
 * @throws MedbenchError if the plugin cannot be loaded.
 * @throws PjrtError in the plugin's words, for example if there is no device.
 */
export function openDevice(request: DeviceRequest): Promise<Client> {
  const key = JSON.stringify([request.path, request.options, request.threads]);
  const known = CLIENTS.get(key);
  if (known) return known;
  const client = creating.then(() => createClient(request));
  creating = client.catch(() => {});
  CLIENTS.set(key, client);
  // A failure may pass, for example when another process frees the device.
  client.catch(() => CLIENTS.delete(key));
  return client;
}
