import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A token that the server accepts. */
export const TOKEN = 'hf_abcdefghijklmnopqrstuvwxyz0123';

/** A fault that the next requests meet whose method and path match. */
interface Fault {
  readonly match: RegExp;
  /** Status of the answer; `cut` breaks the connection after the first piece of the request. */
  readonly status: number | 'cut';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  times: number;
}

interface Repository {
  readonly isPrivate: boolean;
  commit: string;
  readonly files: Map<string, Buffer>;
  readonly large: Set<string>;
}

/** A request that arrived. */
export interface Arrived {
  readonly what: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });

/** A refusal of the server, with the text that the hub would give. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

/**
 * A server that speaks the part of the hub's interface that pushing and reading back need, on loopback: repositories,
 * the question which files are large, the store of large files on another origin, commits, and files by range. It
 * refuses what the hub refuses.
 */
export class HubServer {
  readonly repositories = new Map<string, Repository>();
  readonly arrived: Arrived[] = [];
  /** Requests to the store of large files. */
  readonly stored: Arrived[] = [];
  readonly #objects = new Map<string, Buffer>();
  readonly #faults: Fault[] = [];
  readonly #servers: readonly Server[];
  endpoint = '';
  store = '';

  private constructor() {
    const guard = (handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>) =>
      createServer((request, response) => {
        handle(request, response).catch((error: unknown) => {
          const { status = 500, code, message } = error as Refusal;
          response.writeHead(status, { 'content-type': 'application/json', ...(code ? { 'x-error-code': code } : {}) });
          response.end(JSON.stringify({ error: message }));
        });
      });
    this.#servers = [
      guard((request, response) => this.#hub(request, response)),
      guard((request, response) => this.#put(request, response)),
    ];
  }

  static async start(): Promise<HubServer> {
    const server = new HubServer();
    [server.endpoint, server.store] = (await Promise.all(server.#servers.map(listen))) as [string, string];
    return server;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  }

  /** Lets the next `times` matching requests fail. */
  fail(match: RegExp, status: Fault['status'], more: Partial<Omit<Fault, 'match' | 'status'>> = {}): void {
    this.#faults.push({ match, status, times: 1, ...more });
  }

  /** The file of a repository. */
  file(repository: string, path: string): Buffer | undefined {
    return this.repositories.get(repository)?.files.get(path);
  }

  /** Whether the request met a fault, and was answered. */
  #meetsFault(what: string, request: IncomingMessage, response: ServerResponse): boolean {
    const fault = this.#faults.find(({ match, times }) => times > 0 && match.test(what));
    if (!fault) return false;
    fault.times--;
    if (fault.status === 'cut') {
      request.once('data', () => request.socket.destroy());
      return true;
    }
    request.resume();
    response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
    response.end(fault.body ?? JSON.stringify({ error: `told to answer ${fault.status}` }));
    return true;
  }

  async #put(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const what = `${request.method} ${request.url}`;
    if (this.#meetsFault(what, request, response)) return;
    const body = await readBody(request);
    this.stored.push({ what, authorization: request.headers.authorization, body });
    const oid = new URL(request.url!, this.store).pathname.slice(1);
    if (request.method !== 'PUT' || sha256(body) !== oid) throw new Refusal(400, 'the content is not that of the key');
    this.#objects.set(oid, body);
    response.writeHead(200, { etag: `"${oid}"` }).end();
  }

  async #hub(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, this.endpoint);
    const what = `${request.method} ${pathname}`;
    if (this.#meetsFault(what, request, response)) return;
    const body = await readBody(request);
    const { authorization } = request.headers;
    this.arrived.push({ what, authorization, body });
    const answer = (value: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const resolved = /^\/(datasets\/)?([\w.-]+\/[\w.-]+)\/resolve\/([^/]+)\/(.+)$/.exec(decodeURIComponent(pathname));
    if (resolved) {
      const [, kind = '', name, revision, path] = resolved;
      this.#send(`${kind}${name}`, revision!, path!, request, response);
      return;
    }
    const info = /^GET \/api\/(datasets|models)\/([\w.-]+\/[\w.-]+)(?:\/revision\/(.+))?$/.exec(what);
    if (info) {
      const repository = this.#known(info[1] === 'datasets' ? `datasets/${info[2]}` : info[2]!, authorization);
      const revision = decodeURIComponent(info[3] ?? 'main');
      if (!['main', 'HEAD', repository.commit].includes(revision)) throw new Refusal(404, 'Invalid rev id');
      answer({
        _id: '1',
        id: info[2],
        sha: repository.commit,
        private: true,
        gated: false,
        lastModified: '2026-01-01',
      });
      return;
    }
    if (authorization !== `Bearer ${TOKEN}`) throw new Refusal(401, 'Invalid credentials in Authorization header');
    if (what === 'POST /api/repos/create') answer(this.#create(JSON.parse(body.toString())));
    else answer(this.#write(what, body));
  }

  #known(name: string, authorization: string | undefined): Repository {
    const repository = this.repositories.get(name);
    if (!repository || (repository.isPrivate && authorization !== `Bearer ${TOKEN}`)) {
      throw new Refusal(authorization ? 404 : 401, 'Repository not found', 'RepoNotFound');
    }
    return repository;
  }

  #create({ name, organization, type, visibility }: Record<string, string>): unknown {
    if (!['model', 'dataset'].includes(type!)) throw new Refusal(400, `Invalid type ${type}`);
    const id = `${type === 'dataset' ? 'datasets/' : ''}${organization}/${name}`;
    if (this.repositories.has(id)) throw new Refusal(409, `You already created this ${type} repo`);
    const isPrivate = visibility === 'private';
    this.repositories.set(id, { isPrivate, commit: '0'.repeat(40), files: new Map(), large: new Set() });
    return { url: `${this.endpoint}/${id}`, id: `${organization}/${name}` };
  }

  #write(what: string, body: Buffer): unknown {
    const [, kind, name, action] =
      /^POST \/api\/(dataset|model)s\/([\w.-]+\/[\w.-]+)\/(preupload|commit)\/main$/.exec(what) ?? [];
    if (action) {
      const id = `${kind === 'dataset' ? 'datasets/' : ''}${name}`;
      const repository = this.#known(id, `Bearer ${TOKEN}`);
      return action === 'commit' ? this.#commit(id, repository, body) : preupload(body);
    }
    const batch = /^POST \/((?:datasets\/)?[\w.-]+\/[\w.-]+)\.git\/info\/lfs\/objects\/batch$/.exec(what);
    if (!batch) throw new Refusal(404, `No such address: ${what}`);
    this.#known(batch[1]!, `Bearer ${TOKEN}`);
    const { objects, operation } = JSON.parse(body.toString()) as {
      operation: string;
      objects: { oid: string; size: number }[];
    };
    if (operation !== 'upload') throw new Refusal(422, 'Only uploads');
    return {
      transfer: 'basic',
      objects: objects.map(({ oid, size }) => ({
        ...{ oid, size },
        // A signature, as in the addresses of a real store.
        ...(this.#objects.has(oid)
          ? {}
          : { actions: { upload: { href: `${this.store}/${oid}?X-Amz-Signature=SIGNED` } } }),
      })),
    };
  }

  #commit(id: string, repository: Repository, body: Buffer): unknown {
    const [header, ...lines] = body
      .toString()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; value: Record<string, string> });
    if (header?.key !== 'header' || !header.value.summary) throw new Refusal(400, 'The first line is no header');
    const files = new Map<string, Buffer>();
    for (const { key, value } of lines) {
      if (value.path!.split('/').some((part) => part === '' || part.startsWith('..'))) {
        throw new Refusal(400, `Invalid path ${value.path}`);
      }
      const content = key === 'lfsFile' ? this.#objects.get(value.oid!) : Buffer.from(value.content ?? '', 'base64');
      if (!content) throw new Refusal(400, `${value.path} was not uploaded`);
      files.set(value.path!, content);
      if (key === 'lfsFile') repository.large.add(value.path!);
    }
    for (const [path, content] of files) repository.files.set(path, content);
    repository.commit = createHash('sha1').update(repository.commit).update(body).digest('hex');
    return {
      success: true,
      commitOid: repository.commit,
      commitUrl: `${this.endpoint}/${id}/commit/${repository.commit}`,
    };
  }

  #send(id: string, revision: string, path: string, request: IncomingMessage, response: ServerResponse): void {
    const repository = this.#known(id, request.headers.authorization);
    const content = ['main', repository.commit].includes(revision) ? repository.files.get(path) : undefined;
    if (!content) throw new Refusal(404, 'Entry not found', 'EntryNotFound');
    const etag = `"${sha256(content)}"`;
    response.setHeader('etag', etag).setHeader('x-repo-commit', repository.commit);
    response.setHeader('content-type', path.endsWith('.json') ? 'application/json' : 'application/octet-stream');
    if (repository.large.has(path))
      response.setHeader('x-linked-etag', etag).setHeader('x-linked-size', content.length);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const to = range?.[2] ? Math.min(Number(range[2]), content.length - 1) : content.length - 1;
    const part = content.subarray(from, to + 1);
    response.setHeader('content-length', part.length);
    if (range) response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${content.length}` });
    response.end(request.method === 'HEAD' ? undefined : part);
  }
}

/** Large are, as on the hub, files that are no text, and texts above 10 MiB. */
function preupload(body: Buffer): unknown {
  const { files } = JSON.parse(body.toString()) as { files: { path: string; size: number; sample: string }[] };
  return {
    files: files.map(({ path, size, sample }) => {
      if (Buffer.from(sample, 'base64').length !== Math.min(512, size)) throw new Refusal(400, `Bad sample of ${path}`);
      const isLarge = /\.(safetensors|parquet|bin)$/.test(path) || size > 10 * 2 ** 20;
      return { path, uploadMode: isLarge ? 'lfs' : 'regular', shouldIgnore: false, oid: null };
    }),
  };
}
