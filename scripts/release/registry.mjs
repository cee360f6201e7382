// An npm registry on loopback: keeps what `npm publish` sends in memory, and passes requests for all other packages on
// to the registry that npm is configured with. So an installation needs to reach no other host than this one.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const readBody = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Packs folders as `npm publish` does, in one process of npm. @returns a manifest and a tarball for each. */
async function packFolders(folders) {
  const target = mkdtempSync(join(tmpdir(), 'medbench-packed-'));
  try {
    const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', ...folders, '--pack-destination', target];
    const { stdout } = await promisify(execFile)('npm', args, { maxBuffer: 1 << 28 });
    return JSON.parse(stdout).map(({ filename, integrity, shasum }, i) => ({
      manifest: JSON.parse(readFileSync(join(folders[i], 'package.json'), 'utf8')),
      data: readFileSync(join(target, filename)),
      ...{ integrity, shasum },
    }));
  } finally {
    rmSync(target, { recursive: true });
  }
}

/**
 * Starts the registry.
 * @returns its address; a function that publishes packages from their folders; and a function that stops it.
 */
export async function startRegistry() {
  const upstream = String(execFileSync('npm', ['config', 'get', 'registry'])).trim();
  const packuments = new Map();
  const tarballs = new Map();
  let address = '';

  // Package managers hold back releases that are younger than a day or so. Here every release is a month old.
  const published = new Date(Date.now() - 30 * 24 * 3600 * 1000).toISOString();

  const add = (packument) => {
    const earlier = packuments.get(packument.name);
    const times = Object.fromEntries(Object.keys(packument.versions).map((version) => [version, published]));
    packuments.set(packument.name, {
      ...packument,
      time: { created: published, modified: published, ...earlier?.time, ...times },
      versions: { ...earlier?.versions, ...packument.versions },
      'dist-tags': { ...earlier?.['dist-tags'], ...packument['dist-tags'] },
    });
  };

  /** Keeps a package that `npm publish` sends. */
  const receive = async (name, request) => {
    const { _attachments, ...packument } = JSON.parse(String(await readBody(request)));
    for (const [file, { data }] of Object.entries(_attachments))
      tarballs.set(`/${name}/-/${file}`, Buffer.from(data, 'base64'));
    add(packument);
    return { status: 201, type: 'application/json', body: '{"ok":true}' };
  };

  /** Publishes folders as `npm publish` would, in a fraction of the time that a process for each takes. */
  const publish = async (folders) => {
    for (const { manifest, data, integrity, shasum } of await packFolders(folders)) {
      const { name, version } = manifest;
      const path = `/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
      tarballs.set(path, data);
      const dist = { integrity, shasum, tarball: `${address}${path.slice(1)}` };
      const described = { ...manifest, _id: `${name}@${version}`, dist };
      add({ _id: name, name, 'dist-tags': { latest: version }, versions: { [version]: described } });
    }
  };

  /** Fetches from upstream. Links to its tarballs are rewritten, so that they come through this registry too. */
  const pass = async (path, accept) => {
    const answer = await fetch(new URL(path.slice(1), upstream), { headers: accept ? { accept } : {} });
    const type = answer.headers.get('content-type') ?? 'application/octet-stream';
    const body = Buffer.from(await answer.arrayBuffer());
    return {
      status: answer.status,
      type,
      body: type.includes('json') ? String(body).replaceAll(upstream, address) : body,
    };
  };

  const answer = async (request) => {
    const path = decodeURIComponent(new URL(request.url, address).pathname);
    if (path === '/-/ping') return { status: 200, type: 'application/json', body: '{}' };
    if (request.method === 'PUT') return receive(path.slice(1), request);
    if (request.method !== 'GET') return { status: 404, type: 'application/json', body: '{}' };
    const tarball = tarballs.get(path);
    if (tarball) return { status: 200, type: 'application/octet-stream', body: tarball };
    const packument = packuments.get(path.slice(1));
    if (packument) return { status: 200, type: 'application/json', body: JSON.stringify(packument) };
    return pass(request.url, request.headers.accept);
  };

  const server = createServer((request, response) => {
    answer(request)
      .catch((error) => ({ status: 502, type: 'text/plain', body: String(error) }))
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${server.address().port}/`;
  return { address, publish, stop: () => server.close() };
}
