// An npm registry on loopback: keeps what `npm publish` sends in memory, and passes requests for all other packages on
// to the registry that npm is configured with. So an installation needs to reach no other host than this one.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';

const readBody = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Starts the registry. @returns its address, and a function that stops it. */
export async function startRegistry() {
  const upstream = String(execFileSync('npm', ['config', 'get', 'registry'])).trim();
  const packuments = new Map();
  const tarballs = new Map();
  let address = '';

  const publish = async (name, request) => {
    const { _attachments, ...packument } = JSON.parse(String(await readBody(request)));
    for (const [file, { data }] of Object.entries(_attachments))
      tarballs.set(`/${name}/-/${file}`, Buffer.from(data, 'base64'));
    const earlier = packuments.get(name);
    packuments.set(name, {
      ...packument,
      versions: { ...earlier?.versions, ...packument.versions },
      'dist-tags': { ...earlier?.['dist-tags'], ...packument['dist-tags'] },
    });
    return { status: 201, type: 'application/json', body: '{"ok":true}' };
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
    if (request.method === 'PUT') return publish(path.slice(1), request);
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
  return { address, stop: () => server.close() };
}
