import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { root } from '../../scripts/workspace.mjs';

/** Folder of the built site, with a final slash. */
export const SITE = `${root}docs/.vitepress/dist/`;

/** Builds the site as `npm run docs:build` does. VitePress ends with an error on a dead link. */
export function buildSite(): void {
  const options = { cwd: `${root}docs`, stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] };
  execFileSync(process.execPath, ['generate/index.mjs'], options);
  execFileSync(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build'], options);
}

/** Lists the pages of the built site as paths, such as `/write/method`; the front page is `/`. */
export function sitePages(): string[] {
  const files = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
  return files
    .filter((file) => file !== '404.html')
    .map((file) => `/${file.replaceAll('\\', '/').replace(/(index)?\.html$/, '')}`)
    .sort();
}

/** HTML of a page. */
export const readSitePage = (path: string): string =>
  readFileSync(join(SITE, path.endsWith('/') ? `${path}index.html` : `${path}.html`), 'utf8');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** Serves the built site on loopback, as a host of static files does. @returns its address without a final slash. */
export async function serveSite(): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const candidates = path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`];
    const file = candidates.map((candidate) => join(SITE, candidate)).find((candidate) => existsSync(candidate));
    if (file === undefined || !file.startsWith(SITE)) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' }).end(readFileSync(file));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
