import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MedbenchError } from '@medbench/core';
import type { RunWatch, WatchedRun } from '@medbench/runner/watch';
import { loadReport } from '../load-report.js';

/** The only address that is served: nobody else in the network sees the page. */
const ADDRESS = '127.0.0.1';
/** Names by which a browser on this machine, or at the end of a tunnel, asks for it. */
const NAMES = ['127.0.0.1', 'localhost', '[::1]'];
/** Milliseconds between two looks at the folder, while somebody looks at the page. */
const LOOK = 2000;
/** Milliseconds between two comments to idle readers, by which a reader who has gone is noticed. */
const PULSE = 15_000;
/** Milliseconds for which a state that was read is as good as a new one. */
const FRESH = 500;

/** Milliseconds that readers have for the last state. */
const FAREWELL = 250;

export interface ServeOptions {
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Milliseconds between two looks at the folder. Default: two seconds. */
  readonly interval?: number | undefined;
}

/** A page that is served. */
export interface ServedRun {
  readonly url: string;
  /** Sends readers the newest state, and ends. */
  close(): Promise<void>;
}

type Report = Awaited<ReturnType<typeof loadReport>>;

/** A reader of the page, and what it has got of each part and curve. */
interface Reader {
  readonly response: ServerResponse;
  readonly sent: Map<string, string>;
}

/** Answers requests: for the page, the state as JSON, and its changes as server-sent events. */
class RunServer {
  readonly #readers = new Set<Reader>();
  #run: WatchedRun | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;

  constructor(
    private readonly watch: RunWatch,
    private readonly report: Report,
    private readonly interval: number,
  ) {}

  answer(request: IncomingMessage, response: ServerResponse): void {
    // A page from elsewhere may have its name point to this machine, to read what only this machine may see.
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const [path] = (request.url ?? '/').split('?');
    if (!NAMES.includes(host)) this.#refuse(response, 403, 'This page is for localhost only.');
    else if (request.method !== 'GET' && request.method !== 'HEAD') {
      this.#refuse(response, 405, 'This page can only be read.', { Allow: 'GET, HEAD' });
    } else if (path === '/') {
      this.#show(request, response, 'text/html; charset=utf-8', (run) => this.report.renderWatchPage(run));
    } else if (path === '/state.json') {
      this.#show(request, response, 'application/json', (run) => `${JSON.stringify(run, null, 1)}\n`);
    } else if (path === '/events') this.#follow(request, response);
    else this.#refuse(response, 404, 'There is no such page.');
  }

  /** Sends all readers the newest state, and ends their connections. */
  close(): void {
    clearInterval(this.#timer);
    clearInterval(this.#pulse);
    this.#readAt = Number.NEGATIVE_INFINITY;
    this.#sendAll();
    for (const { response } of this.#readers) response.end();
    this.#readers.clear();
  }

  #refuse(response: ServerResponse, code: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
    response.writeHead(code, { ...this.#headers('text/plain; charset=utf-8'), ...headers });
    response.end(`${text}\n`);
  }

  #show(request: IncomingMessage, response: ServerResponse, type: string, render: (run: WatchedRun) => string): void {
    const run = this.#read();
    if (run) {
      response.writeHead(200, this.#headers(type));
      response.end(request.method === 'HEAD' ? undefined : render(run));
    } else this.#refuse(response, 503, 'The run folder cannot be read.');
  }

  #headers(type: string): Record<string, string> {
    return {
      'Content-Type': type,
      'Content-Security-Policy': this.report.watchPagePolicy(),
      'Cache-Control': 'no-store',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    };
  }

  #read(): WatchedRun | undefined {
    if (performance.now() - this.#readAt < FRESH) return this.#run;
    try {
      this.#run = this.watch.read();
    } catch {
      // A network file system may fail for a moment.
      this.#run = undefined;
    }
    this.#readAt = performance.now();
    return this.#run;
  }

  #follow(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, this.#headers('text/event-stream'));
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    const reader: Reader = { response, sent: new Map() };
    this.#readers.add(reader);
    const run = this.#read();
    if (run) this.#send(reader, this.report.pageState(run));
    response.on('close', () => {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#rest();
    });
    // Nothing is read while nobody looks.
    this.#timer ??= setInterval(() => this.#sendAll(), this.interval);
    this.#pulse ??= setInterval(() => {
      for (const { response: other } of this.#readers) other.write(':\n\n');
    }, PULSE);
  }

  #rest(): void {
    clearInterval(this.#timer);
    clearInterval(this.#pulse);
    this.#timer = undefined;
    this.#pulse = undefined;
  }

  #sendAll(): void {
    if (this.#readers.size === 0) return;
    const run = this.#read();
    if (!run) return;
    const state = this.report.pageState(run);
    for (const reader of this.#readers) this.#send(reader, state);
  }

  /** Sends a reader what has changed since the last time. */
  #send({ response, sent }: Reader, { title, parts, curves }: ReturnType<Report['pageState']>): void {
    const isNew = (name: string, text: string): boolean => {
      if (sent.get(name) === text) return false;
      sent.set(name, text);
      return true;
    };
    const changedParts = Object.entries(parts).filter(([name, text]) => isNew(`part ${name}`, text));
    const changedCurves = curves.filter((curve) => isNew(`curve ${curve.id}`, JSON.stringify(curve)));
    const order = curves.map(({ id }) => id);
    const changed = [isNew('title', title), isNew('order', order.join('\n'))];
    if (changedParts.length === 0 && changedCurves.length === 0 && !changed.includes(true)) return;
    const change = { title, parts: Object.fromEntries(changedParts), order, curves: changedCurves };
    response.write(`event: change\ndata: ${JSON.stringify(change)}\n\n`);
  }
}

/**
 * Serves a page that follows a run, to this machine only: it listens on 127.0.0.1 and refuses requests by other names. The page
 * needs no network, and shows no images and no texts of the data.
 * @throws MedbenchError('usage') if the port is taken or not allowed.
 */
export async function serveRun(watch: RunWatch, { port, interval = LOOK }: ServeOptions): Promise<ServedRun> {
  const answers = new RunServer(watch, await loadReport(), interval);
  const server = createServer((request, response) => answers.answer(request, response));
  await listen(server, port);
  return {
    url: `http://${ADDRESS}:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        answers.close();
        server.close(() => resolve());
        // Readers that keep a connection for later requests, or do not read, would hold the server up.
        setTimeout(() => server.closeAllConnections(), FAREWELL);
      }),
  };
}

/** @throws MedbenchError('usage') if the port is taken or not allowed. */
const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(portError(port, cause)));
    server.listen(port, ADDRESS, resolve);
  });

function portError(port: number, cause: NodeJS.ErrnoException): MedbenchError {
  const why = { EADDRINUSE: 'is in use', EACCES: 'may not be used by this account' }[cause.code ?? ''];
  return new MedbenchError('usage', `Port ${port} of ${ADDRESS} ${why ?? `cannot be used: ${cause.message}`}`, {
    hint: 'Name another one, --serve PORT, or --serve 0 for any that is free.',
    cause,
  });
}

/** @throws MedbenchError('usage') as `serveRun`, before anything else is done. */
export async function requirePort(port: number): Promise<void> {
  const server = createServer();
  await listen(server, port);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
