import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hubFiles, parseHubModel } from './index.js';

const COMMIT = 'a'.repeat(40);
const FILES: Readonly<Record<string, string>> = {
  'model.safetensors': 'weights',
  'config.json': '{"model_type":"clip"}',
};

/** A server with the part of the hub's interface that a download needs. */
function hub(): { server: Server; requests: string[] } {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const path = decodeURIComponent(request.url ?? '');
    if (path.startsWith('/api/models/lab/clip/paths-info/')) {
      let body = '';
      request.on('data', (piece) => {
        body += piece;
      });
      request.on('end', () => {
        const { paths } = JSON.parse(body) as { paths: string[] };
        const entries = paths.flatMap((file) => {
          const content = FILES[file];
          if (content === undefined) return [];
          const oid = createHash('sha1').update(content).digest('hex');
          return [
            { type: 'file', path: file, size: content.length, oid, lastCommit: { id: COMMIT, title: '', date: 0 } },
          ];
        });
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify(entries));
      });
      return;
    }
    const content = FILES[path.split('?')[0]!.replace(/^\/lab\/clip\/resolve\/[^/]+\//, '')];
    if (content === undefined) {
      response.writeHead(404, { 'X-Error-Code': 'RepoNotFound' }).end('{"error":"Repository not found"}');
      return;
    }
    response.setHeader('ETag', '"tag"');
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (!range) {
      response.end(content);
      return;
    }
    const end = range[2] ? Math.min(Number(range[2]), content.length - 1) : content.length - 1;
    response.writeHead(206, { 'Content-Range': `bytes ${range[1]}-${end}/${content.length}` });
    response.end(content.slice(Number(range[1]), end + 1));
  });
  return { server, requests };
}

describe('parsing the id of a model on the hub', () => {
  it.each([
    ['openai/clip-vit-base-patch16', { name: 'openai/clip-vit-base-patch16', revision: 'main' }],
    ['hf-hub:lab/clip', { name: 'lab/clip', revision: 'main' }],
    ['hf://lab/clip@v1.0', { name: 'lab/clip', revision: 'v1.0' }],
    ['weights.safetensors', undefined],
    ['/absolute/path/x', undefined],
  ])('%s', (id, expected) => expect(parseHubModel(id)).toEqual(expected));
});

describe('files of a model on the hub', () => {
  let cache: string;
  let server: Server;
  let requests: string[];
  let endpoint: string;
  const fetchFiles = (environment: Record<string, string> = { HF_ENDPOINT: endpoint }, name = 'lab/clip') =>
    hubFiles({ name, revision: 'main' }, ['open_clip_model.safetensors', 'model.safetensors'], ['config.json'], {
      environment,
    });
  beforeEach(async () => {
    cache = mkdtempSync(join(tmpdir(), 'medbench-hub-'));
    vi.stubEnv('HF_HUB_CACHE', cache);
    ({ server, requests } = hub());
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    rmSync(cache, { recursive: true });
  });

  it('are downloaded from a mirror into the cache that Python’s library uses', async () => {
    const files = await fetchFiles();
    expect(Object.keys(files).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(files['model.safetensors']).toBe(join(cache, 'models--lab--clip', 'snapshots', COMMIT, 'model.safetensors'));
    expect(readFileSync(files['model.safetensors']!, 'utf8')).toBe('weights');
  });

  it('come from the cache without requests when offline', async () => {
    await fetchFiles();
    requests.length = 0;
    const files = await fetchFiles({ HF_ENDPOINT: endpoint, HF_HUB_OFFLINE: '1' });
    expect(readFileSync(files['model.safetensors']!, 'utf8')).toBe('weights');
    expect(requests).toEqual([]);
  });

  it('come from the cache when the hub cannot be reached', async () => {
    await fetchFiles();
    const files = await fetchFiles({ HF_ENDPOINT: 'http://127.0.0.1:9' });
    expect(readFileSync(files['model.safetensors']!, 'utf8')).toBe('weights');
  });

  it('are refused when offline and not in the cache', async () => {
    await expect(fetchFiles({ HF_HUB_OFFLINE: '1' })).rejects.toThrow(
      "lab/clip is not in the hub's cache, and HF_HUB_OFFLINE",
    );
    expect(requests).toEqual([]);
  });

  it('are refused when the hub cannot be reached', async () => {
    await expect(fetchFiles({ HF_ENDPOINT: 'http://127.0.0.1:9' })).rejects.toThrow(
      'lab/clip cannot be downloaded from the hub: ',
    );
  });

  it('are refused when the hub does not have the model', async () => {
    await expect(fetchFiles({ HF_ENDPOINT: endpoint }, 'lab/other')).rejects.toThrow(
      'lab/other cannot be downloaded from the hub',
    );
  });

  it.each(['http://user:SECRETPASS@127.0.0.1:9', 'http://127.0.0.1:9/?token=SECRETPASS'])(
    'are not asked of an address that holds a password, and no message repeats it (%#)',
    async (HF_ENDPOINT) => {
      const log = vi.fn();
      const failure = hubFiles({ name: 'lab/clip', revision: 'main' }, ['model.safetensors'], [], {
        environment: { HF_ENDPOINT },
        log,
      });
      await expect(failure).rejects.toMatchObject({
        code: 'usage',
        message: 'HF_ENDPOINT holds a user name, a password or a key',
      });
      expect(log).not.toHaveBeenCalled();
    },
  );

  it('are downloaded without output on standard output', async () => {
    const written = vi.spyOn(process.stdout, 'write');
    await fetchFiles();
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
  });
});
