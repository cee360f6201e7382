import { errorMessage, MedbenchError, readVariable, withoutCredentials } from '@medbench/core';
import type { PinnedWheel } from './catalogue.js';

const DEFAULT_INDEX = 'https://pypi.org/simple';
/** The way out if an index cannot be reached or lacks a file. */
const REMEDY =
  'MEDBENCH_PYTHON_INDEX names another index; --from DIR takes wheels that were fetched elsewhere (pip download --no-deps).';

/** Address of the Python index: `MEDBENCH_PYTHON_INDEX`, else pip's `PIP_INDEX_URL`, else pypi.org. */
export const pythonIndex = (): string =>
  (readVariable('MEDBENCH_PYTHON_INDEX') ?? (process.env.PIP_INDEX_URL || DEFAULT_INDEX)).replace(/\/+$/, '');

/**
 * Requests an address. Credentials in it become a header, as pip does.
 * @throws MedbenchError('backend') naming the address, without credentials.
 */
export async function request(address: string, headers: Record<string, string> = {}): Promise<Response> {
  const shown = withoutCredentials(address);
  let response: Response;
  try {
    const url = new URL(address);
    const { username, password } = url;
    url.username = '';
    url.password = '';
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization = username ? { authorization: `Basic ${Buffer.from(login).toString('base64')}` } : {};
    response = await fetch(url, { headers: { ...headers, ...authorization } });
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    throw new MedbenchError('backend', `${shown} cannot be reached: ${errorMessage(cause)}`, { hint: REMEDY, cause });
  }
  if (response.ok) return response;
  throw new MedbenchError('backend', `${shown} answers ${response.status} ${response.statusText}`, { hint: REMEDY });
}

/** The part of a project's page (PEP 691) that is read. */
interface ProjectPage {
  readonly files?: readonly { readonly filename?: string; readonly url?: string }[];
}

/** The links of a project's page in its older form, as HTML (PEP 503). */
function linksOf(html: string): { filename: string; url: string }[] {
  return [...html.matchAll(/<a\s[^>]*href="([^"#]+)[^"]*"[^>]*>\s*([^<]+?)\s*<\/a>/g)].map(([, url, filename]) => ({
    filename: filename!,
    url: url!.replaceAll('&amp;', '&'),
  }));
}

/**
 * Finds the address of a wheel on a Python index.
 * @throws MedbenchError('backend') if the index cannot be reached or does not have the file.
 */
export async function findWheel(index: string, { project, file }: PinnedWheel): Promise<string> {
  const page = `${index}/${project}/`;
  const response = await request(page, {
    accept: 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1',
  });
  const isJson = response.headers.get('content-type')?.includes('json');
  const files = isJson ? ((await response.json()) as ProjectPage).files : linksOf(await response.text());
  const found = files?.find(({ filename }) => filename === file)?.url;
  if (found === undefined)
    throw new MedbenchError('backend', `${withoutCredentials(page)} has no file ${file}`, { hint: REMEDY });
  // A relative address is relative to the page; credentials of the index hold for its own files.
  const url = new URL(found, page);
  const base = new URL(page);
  if (url.host === base.host) [url.username, url.password] = [base.username, base.password];
  return url.href;
}
