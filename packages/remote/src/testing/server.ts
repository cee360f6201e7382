import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A mistake of a server with one request. */
export type Trouble =
  /** Answers with a status, and perhaps asks to wait. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  /** Closes the connection after a number of bytes of the body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Never answers. */
  | { readonly kind: 'silent' }
  /** Sends a part and then nothing. */
  | { readonly kind: 'stall'; readonly after: number }
  /** Sends other bytes than it was asked for. */
  | { readonly kind: 'wrong-range' };

export interface FileServerOptions {
  /** Chooses what goes wrong with the n-th request of all, from 0. Default: nothing. */
  readonly trouble?: (path: string, request: number) => Trouble | undefined;
  /** Whether the server knows ranges. Default true. */
  readonly ranges?: boolean;
  /** Default: a hash of the content. */
  readonly etag?: (path: string, content: Uint8Array) => string | undefined;
  /** Token that a request must bring. */
  readonly token?: string;
  /** Address that files are fetched from, as the hub sends readers to its store. */
  readonly redirect?: (path: string) => string;
}

/** A server on loopback. */
export interface FileServer {
  readonly url: string;
  readonly requests: readonly {
    readonly path: string;
    readonly range: string | undefined;
    readonly authorization: string | undefined;
  }[];
  close(): Promise<void>;
}

const COMMIT = 'c'.repeat(40);

/**
 * Serves files by ranges, and as data set `lab/pairs` by the part of the hub's interface that reading needs.
 * @param files contents by path.
 */
export async function serveFiles(
  files: Readonly<Record<string, Uint8Array>>,
  options: FileServerOptions = {},
): Promise<FileServer> {
  const requests: { path: string; range: string | undefined; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname).slice(1);
    const { range, authorization } = request.headers;
    const trouble = options.trouble?.(path, requests.length);
    requests.push({ path, range, authorization });
    if (trouble?.kind === 'silent') return;
    if (trouble?.kind === 'status') {
      const headers = trouble.retryAfter === undefined ? {} : { 'Retry-After': trouble.retryAfter };
      response.writeHead(trouble.status, headers).end();
      return;
    }
    if (options.token !== undefined && authorization !== `Bearer ${options.token}`) {
      response.writeHead(401).end('{"error":"Access to this data set is restricted"}');
      return;
    }
    if (answerHub(path, files, response)) return;
    const name = path.replace(/^datasets\/lab\/pairs\/resolve\/[^/]+\//, '');
    const content = files[name];
    if (content === undefined) {
      response.writeHead(404).end();
    } else if (options.redirect) {
      response.writeHead(302, { Location: options.redirect(name) }).end();
    } else {
      sendFile(request, response, name, content, trouble, options);
    }
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((closed) => server.close(() => closed()));
}

/** Answers questions about the data set. @returns whether it was one. */
function answerHub(path: string, files: Readonly<Record<string, Uint8Array>>, response: ServerResponse): boolean {
  const json = (value: unknown): true => {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value));
    return true;
  };
  if (!path.startsWith('api/datasets/')) return false;
  if (/^api\/datasets\/lab\/pairs(\/revision\/[^/]+)?$/.test(path)) {
    return json({
      _id: '1',
      id: 'lab/pairs',
      sha: COMMIT,
      private: false,
      gated: false,
      lastModified: '2025-01-01',
      downloads: 0,
      likes: 0,
    });
  }
  const folder = /^api\/datasets\/lab\/pairs\/tree\/[^/]+\/?(.*)$/.exec(path)?.[1];
  if (folder === undefined) {
    response.writeHead(404, { 'X-Error-Code': 'RepoNotFound' }).end('{"error":"Repository not found"}');
    return true;
  }
  const below = Object.entries(files).filter(([name]) => folder === '' || name.startsWith(`${folder}/`));
  return json(
    below.map(([name, content]) => {
      const oid = createHash('sha1').update(content).digest('hex');
      const lfs = { oid: createHash('sha256').update(content).digest('hex'), size: content.length, pointerSize: 130 };
      return { type: 'file', path: name, size: content.length, oid, ...(/\.(tar|parquet)$/.test(name) ? { lfs } : {}) };
    }),
  );
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  content: Uint8Array,
  trouble: Trouble | undefined,
  { ranges = true, etag = (_, bytes) => `"${createHash('md5').update(bytes).digest('hex')}"` }: FileServerOptions,
): void {
  const tag = etag(name, content);
  if (tag !== undefined) response.setHeader('ETag', tag);
  const asked = ranges ? /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') : undefined;
  const shift = trouble?.kind === 'wrong-range' ? 1 : 0;
  const start = asked ? Number(asked[1]) + shift : 0;
  const end = asked ? Math.min(Number(asked[2]) + shift, content.length - 1) : content.length - 1;
  if (start >= content.length) {
    response.writeHead(416).end();
    return;
  }
  const body = content.subarray(start, end + 1);
  response.setHeader('Content-Length', body.length);
  if (asked) response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${content.length}` });
  if (trouble?.kind === 'cut') {
    response.write(body.subarray(0, trouble.after), () => request.socket.destroy());
  } else if (trouble?.kind === 'stall') {
    response.write(body.subarray(0, trouble.after));
  } else {
    response.end(body);
  }
}
