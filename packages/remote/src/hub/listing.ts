import { errorMessage, MedbenchError } from '@medbench/core';
import type { KeptAnswers } from '../cache/answers.js';
import { Fault, fetchError, mayPass, statusFault } from '../http/faults.js';
import { Patience, type PatienceOptions, repeat } from '../http/patience.js';
import type { HubAccess } from './access.js';
import { type HubAddress, patternFolder } from './address.js';

/** A file of a data set on the hub. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of the content, for files that the hub stores apart (all large ones). */
  readonly sha256?: string;
  /** Identifies the content of other files: the SHA-1 of git. */
  readonly oid?: string;
}

/** The files of a folder of a data set, at a commit. */
export interface HubFolder {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

export interface HubListingOptions extends PatienceOptions {
  readonly access: HubAccess;
  /** Whether nothing may be asked. */
  readonly offline: boolean;
  readonly kept: KeptAnswers;
  readonly log?: (line: string) => void;
  readonly fetch?: typeof fetch;
}

/** Milliseconds in which a page of a listing must arrive. */
const PAGE_MS = 60_000;
/** Files of a folder beyond which a listing counts as a mistake. */
const MAX_FILES = 1_000_000;

/** The way out where the hub refuses access. */
export const hubAccessHint = (name: string, hubUrl: string): string =>
  `Accept the terms at ${hubUrl}/datasets/${name}, and set HF_TOKEN to a token that may read it.`;

/** Lists folders of data sets on the hub, each once. */
export class HubListing {
  readonly #folders = new Map<string, Promise<HubFolder>>();
  readonly #commits = new Map<string, Promise<string>>();

  constructor(private readonly options: HubListingOptions) {}

  /**
   * The files below the folder that an address names, or that its pattern cannot leave. A name without `*` may be a
   * file; its folder is listed.
   * @throws MedbenchError('network') naming the data set and the way out.
   */
  folder({ name, revision, path }: HubAddress): Promise<HubFolder> {
    const base = patternFolder(path);
    const folder = /\.[a-z0-9]+$/i.test(base) ? base.split('/').slice(0, -1).join('/') : base;
    const question = (version: string): string => `${this.options.access.hubUrl} ${name} ${version} ${folder}`;
    const asked = question(revision);
    const known = this.#folders.get(asked);
    if (known) return known;
    const listed = this.#list(asked, name, revision, folder);
    this.#folders.set(asked, listed);
    listed.then(
      ({ commit }) => this.#folders.set(question(commit), listed),
      () => this.#folders.delete(asked),
    );
    return listed;
  }

  async #list(question: string, name: string, revision: string, folder: string): Promise<HubFolder> {
    const { offline, kept, log } = this.options;
    const before = (await kept.find(question)) as HubFolder | undefined;
    if (offline) {
      if (before) return before;
      throw new MedbenchError('network', `${name} on the hub was never listed here, and HF_HUB_OFFLINE is set`, {
        hint: 'Unset it, or fetch the files elsewhere and name their folder.',
      });
    }
    try {
      const commit = await this.#commit(name, revision);
      const listed = { commit, files: await this.#files(name, commit, folder) };
      await kept.keep(question, listed);
      return listed;
    } catch (error) {
      if (!before || !mayPass(error)) throw error;
      log?.(`${errorMessage(error)}; using what the hub said last`);
      return before;
    }
  }

  #commit(name: string, revision: string): Promise<string> {
    if (/^[0-9a-f]{40}$/.test(revision)) return Promise.resolve(revision);
    const key = `${name} ${revision}`;
    const known =
      this.#commits.get(key) ??
      this.#ask(name, async (access) => {
        const { datasetInfo } = await import('@huggingface/hub');
        return (await datasetInfo({ ...access, name, revision, additionalFields: ['sha'] })).sha;
      });
    this.#commits.set(key, known);
    known.catch(() => this.#commits.delete(key));
    return known;
  }

  #files(name: string, revision: string, path: string): Promise<HubFile[]> {
    return this.#ask(name, async (access) => {
      const { listFiles } = await import('@huggingface/hub');
      const files: HubFile[] = [];
      const repo = { type: 'dataset', name } as const;
      for await (const entry of listFiles({ ...access, repo, revision, path, recursive: true })) {
        if (entry.type !== 'file') continue;
        if (entry.path.split('/').includes('..')) throw new Error(`it names the file "${entry.path}"`);
        const { lfs, oid } = entry;
        const content = lfs ? { sha256: checkDigest(lfs.oid) } : oid === undefined ? {} : { oid };
        files.push({ path: entry.path, size: lfs?.size ?? entry.size, ...content });
        if (files.length > MAX_FILES) throw new Error(`${path} holds more than ${MAX_FILES} files`);
      }
      return files;
    });
  }

  /** Asks the hub with its library. Passing faults are met by the `fetch` that it gets. */
  async #ask<T>(name: string, ask: (access: HubAccess & { readonly fetch: typeof fetch }) => Promise<T>): Promise<T> {
    try {
      return await ask({ ...this.options.access, fetch: patientFetch(name, this.options) });
    } catch (error) {
      if (error instanceof MedbenchError) throw error;
      const status = (error as { statusCode?: number }).statusCode;
      const fault = new Fault(errorMessage(error), { passes: false, ...(status === undefined ? {} : { status }) });
      throw fetchError(`The data set ${name} on the hub`, fault, 1, hubAccessHint(name, this.options.access.hubUrl));
    }
  }
}

/** Repeats requests that fail for the time being. */
function patientFetch(name: string, { fetch: run = fetch, ...options }: HubListingOptions): typeof fetch {
  return async (input, init) => {
    const patience = new Patience(options, (fault, tries) =>
      fetchError(`The list of files of ${name}`, fault, tries, ''),
    );
    return repeat(patience, async () => {
      const response = await run(input, { ...init, signal: AbortSignal.timeout(PAGE_MS) });
      const fault = statusFault(response, Date.now());
      if (response.ok || !fault.passes) return response;
      await response.body?.cancel();
      throw fault;
    });
  };
}

function checkDigest(oid: string): string {
  if (/^[0-9a-f]{64}$/.test(oid)) return oid;
  throw new Error('it names an invalid SHA-256');
}
