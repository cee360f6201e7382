import { errorMessage, MedbenchError, parseJson, printable } from '@medbench/core';
import type { Server } from './server.js';

/** Most bytes of an answer. That about a run with thousands of curves has less. */
const MOST_BYTES = 16 * 2 ** 20;
/** Most characters of a server's words that a message quotes. */
const MOST_QUOTED = 300;

type Json = Readonly<Record<string, unknown>>;

/** An answer that refuses, with MLflow's code for the reason, such as `RESOURCE_DOES_NOT_EXIST`. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    text: string,
  ) {
    super(text);
  }
}

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the body of an answer, but not more than is allowed. */
async function readBody(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  const reader = response.body?.getReader();
  for (let bytes = 0; reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      throw new Error(`its answer has more than ${MOST_BYTES / 2 ** 20} MiB`);
    }
    parts.push(value);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Calls the REST interface of an MLflow server, version 2.0. */
export class Client {
  constructor(
    private readonly server: Server,
    private readonly options: { readonly timeout: number; readonly signal: AbortSignal },
  ) {}

  get(path: string, query: Readonly<Record<string, string>>): Promise<Json> {
    return this.#call(`${path}?${new URLSearchParams(query)}`, { method: 'GET' });
  }

  post(path: string, body: Json): Promise<Json> {
    const headers = { 'Content-Type': 'application/json' };
    return this.#call(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Stores a file of a run. The server passes it on to where it keeps files. */
  async put(path: string, type: string, bytes: string): Promise<void> {
    await this.#call(path, { method: 'PUT', headers: { 'Content-Type': type }, body: bytes }, 'mlflow-artifacts');
  }

  /**
   * @throws MedbenchError('store') if the server cannot be reached or does not answer as MLflow does; ('usage') if it refuses the
   *   credentials; Refusal if it refuses the request.
   */
  async #call(path: string, init: RequestInit, service = 'mlflow'): Promise<Json> {
    const { address, authorization } = this.server;
    const { timeout, signal } = this.options;
    const headers = { ...init.headers, ...(authorization === undefined ? {} : { Authorization: authorization }) };
    let response: Response;
    let text: string;
    try {
      const limits = { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout * 1000)]) };
      // A server elsewhere would get the credentials.
      response = await fetch(`${address}/api/2.0/${service}/${path}`, {
        ...init,
        headers,
        redirect: 'error',
        ...limits,
      });
      text = await readBody(response);
    } catch (cause) {
      throw this.#unreachable(cause);
    }
    if (response.status === 401 || response.status === 403) {
      throw new MedbenchError('usage', `The MLflow server ${address} refuses the credentials (${response.status})`, {
        hint: 'Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.',
      });
    }
    const answer = this.#parse(text, response);
    if (response.ok) return answer;
    const { error_code: code, message } = answer;
    const quoted = printable(String(message ?? text)).slice(0, MOST_QUOTED);
    throw new Refusal(response.status, String(code ?? ''), `${response.status} ${String(code ?? '')}: ${quoted}`);
  }

  #parse(text: string, { ok, status }: Response): Json {
    try {
      const value = text === '' ? {} : parseJson(text);
      if (isRecord(value)) return value;
    } catch {
      if (!ok) return { message: text };
    }
    throw new MedbenchError('store', `${this.server.address} does not answer as MLflow does (status ${status})`, {
      hint: 'Is it the address of an MLflow server, without /api and without the path of a page?',
    });
  }

  #unreachable(cause: unknown): MedbenchError {
    const { timeout, signal } = this.options;
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const late = cause instanceof Error && cause.name === 'TimeoutError' && !signal.aborted;
    const why = late ? `no answer for ${timeout} s` : errorMessage(inner) || errorMessage(cause);
    return new MedbenchError('store', `The MLflow server ${this.server.address} cannot be reached: ${why}`, { cause });
  }
}
