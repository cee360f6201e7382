import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
}

interface KeptRun {
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Record<string, string>;
  readonly metrics: Metric[];
  status: string;
}

/** A refusal with MLflow's code for it. */
class Refuse extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const invalid = (message: string): Refuse => new Refuse(400, 'INVALID_PARAMETER_VALUE', message);
/** Names that MLflow allows on every system: mlflow/utils/validation.py. */
const NAME = /^[/\w.\- ]{1,250}$/;

/** @throws Refuse if a body lacks a field or has one more. */
function only(body: Json, needed: readonly string[], more: readonly string[] = []): void {
  for (const name of needed) if (!(name in body)) throw invalid(`Missing value for required parameter '${name}'`);
  for (const name of Object.keys(body)) if (![...needed, ...more].includes(name)) throw invalid(`${name} is not known`);
}

/**
 * A server on this machine that answers as MLflow does, as far as the tracker asks, and refuses everything else. Limits and
 * rules are those of MLflow 3.17.
 */
export class MlflowServer {
  readonly runs: KeptRun[] = [];
  readonly experiments = new Map<string, string>();
  readonly files = new Map<string, string>();
  /** Requests that were answered, as `POST runs/create`. */
  readonly requests: string[] = [];
  authorization: string | undefined;
  /** Answers in place of MLflow, if it answers. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  /** Where it listens, or listened. */
  address = '';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<MlflowServer> {
    const server = new MlflowServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.address = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  run(name: string): KeptRun {
    const found = this.runs.filter((one) => one.name === name);
    if (found.length !== 1) throw new Error(`${found.length} runs are called ${name}`);
    return found[0]!;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.intercept(request, response)) return;
    let body = '';
    for await (const part of request) body += part;
    const url = new URL(request.url ?? '/', this.address);
    const send = (status: number, value: Json): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    try {
      if (this.authorization !== request.headers.authorization) {
        response.writeHead(401, { 'Content-Type': 'text/html' });
        response.end('<p>You are not authenticated.</p>');
        return;
      }
      const value = this.#route(request, url, body);
      this.requests.push(`${request.method} ${url.pathname.replace('/api/2.0/mlflow/', '')}`);
      send(200, value);
    } catch (error) {
      if (error instanceof Refuse) send(error.status, { error_code: error.code, message: error.message });
      else send(500, { error_code: 'INTERNAL_ERROR', message: String(error) });
    }
  }

  #route(request: IncomingMessage, { pathname, searchParams }: URL, text: string): Json {
    const { method } = request;
    const artifact = /^\/api\/2\.0\/mlflow-artifacts\/artifacts\/(.+)$/.exec(pathname)?.[1];
    if (artifact && method === 'PUT') {
      this.files.set(artifact, text);
      return {};
    }
    if (method === 'POST' && request.headers['content-type'] !== 'application/json') throw invalid('no JSON');
    const body = (text === '' ? {} : JSON.parse(text)) as Json;
    switch (`${method} ${pathname}`) {
      case 'GET /api/2.0/mlflow/experiments/get-by-name': {
        const name = searchParams.get('experiment_name')!;
        const id = this.experiments.get(name);
        if (id === undefined) throw new Refuse(404, 'RESOURCE_DOES_NOT_EXIST', `Could not find experiment '${name}'`);
        return { experiment: { experiment_id: id, name, lifecycle_stage: 'active' } };
      }
      case 'POST /api/2.0/mlflow/experiments/create': {
        only(body, ['name']);
        const name = String(body.name);
        if (this.experiments.has(name)) throw new Refuse(400, 'RESOURCE_ALREADY_EXISTS', name);
        this.experiments.set(name, String(this.experiments.size + 1));
        return { experiment_id: this.experiments.get(name) };
      }
      case 'POST /api/2.0/mlflow/runs/search':
        return this.#search(body);
      case 'POST /api/2.0/mlflow/runs/create':
        return this.#create(body);
      case 'POST /api/2.0/mlflow/runs/log-batch':
        return this.#log(body);
      case 'POST /api/2.0/mlflow/runs/update':
        only(body, ['run_id', 'status', 'end_time']);
        this.#find(body).status = String(body.status);
        return {};
      default:
        throw new Refuse(404, 'ENDPOINT_NOT_FOUND', pathname);
    }
  }

  #find({ run_id: id }: Json): KeptRun {
    const run = this.runs.find((one) => one.id === id);
    if (!run) throw new Refuse(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${String(id)} not found`);
    return run;
  }

  #search(body: Json): Json {
    only(body, ['experiment_ids', 'filter', 'max_results']);
    const [, tag, value] = /^tags\.`([\w.]+)` = '([^']*)'$/.exec(String(body.filter)) ?? [];
    if (tag === undefined) throw invalid(`Invalid filter ${String(body.filter)}`);
    return { runs: this.runs.filter(({ tags }) => tags[tag] === value).map(describe) };
  }

  #create(body: Json): Json {
    only(body, ['experiment_id', 'run_name', 'start_time', 'tags']);
    const tags = body.tags as { key: string; value: string }[];
    const run: KeptRun = {
      ...{ id: `run${this.runs.length}`, name: String(body.run_name), params: {}, metrics: [], status: 'RUNNING' },
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    };
    this.runs.push(run);
    return { run: describe(run) };
  }

  #log(body: Json): Json {
    only(body, ['run_id'], ['metrics', 'params']);
    const run = this.#find(body);
    const { metrics = [], params = [] } = body as { metrics?: Metric[]; params?: { key: string; value: string }[] };
    if (metrics.length > 1000 || params.length > 100) throw invalid('too many at once');
    for (const { key, value } of params) {
      if (!NAME.test(key) || typeof value !== 'string' || value.length > 500) throw invalid(`parameter ${key}`);
      run.params[key] ??= value;
      if (run.params[key] !== value) throw invalid(`Changing param values is not allowed: ${key}`);
    }
    for (const { key, value, step, timestamp } of metrics) {
      const numbers = typeof value === 'number' && Number.isInteger(step) && Number.isInteger(timestamp);
      if (!NAME.test(key) || !numbers) throw invalid(`metric ${key}`);
    }
    run.metrics.push(...metrics);
    return {};
  }
}

/** A run as MLflow describes it: of each metric the value at the last step. */
function describe({ id, metrics, tags, params }: KeptRun): Json {
  const latest = new Map<string, Metric>();
  for (const metric of metrics) {
    const before = latest.get(metric.key);
    if (!before || metric.step > before.step || (metric.step === before.step && metric.timestamp >= before.timestamp)) {
      latest.set(metric.key, metric);
    }
  }
  return {
    info: { run_id: id, artifact_uri: `mlflow-artifacts:/1/${id}/artifacts` },
    data: { metrics: [...latest.values()], ...{ tags: pairs(tags), params: pairs(params) } },
  };
}

const pairs = (record: Readonly<Record<string, string>>): readonly Json[] =>
  Object.entries(record).map(([key, value]) => ({ key, value }));
