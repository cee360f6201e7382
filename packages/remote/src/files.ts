import { join } from 'node:path';
import { MedbenchError, parseVariable, readVariable, withoutCredentials } from '@medbench/core';
import type { ByteStore, FileContent, FileStamp, RemoteFiles } from '@medbench/formats';
import { KeptAnswers } from './cache/answers.js';
import { BlockCache } from './cache/blocks.js';
import { FetchAhead } from './fetch-ahead.js';
import { Fault, fetchError, mayPass } from './http/faults.js';
import { Patience, type PatienceOptions, repeat } from './http/patience.js';
import { type RequestOptions, requestRange, requestText, type Target } from './http/request.js';
import { type HubAccess, type HubEnvironment, hubAccess, isOffline } from './hub/access.js';
import { hubFileAddress, isHubAddress, parseHubAddress, patternTest } from './hub/address.js';
import { HubListing, hubAccessHint } from './hub/listing.js';
import { RemoteFile, type RemoteState, type Transfer } from './remote-file.js';
import { Slots } from './slots.js';
import { walkBlocks } from './walk.js';

/** GiB of remote files that are kept on disk. */
const CACHE_GIB = 50;
/** Requests under way at the same time. */
const CONNECTIONS = 8;
/** Maximum bytes of a text beside shards. */
const MAX_TEXT = 16 * 2 ** 20;

/** The way out where a web server refuses access. */
const WEB_ACCESS = 'Fetch the files with a program that can log in there, and name their folder.';

export interface RemoteOptions extends RequestOptions, PatienceOptions {
  /** Folder of caches; blocks are kept in `remote/` in it. */
  readonly cacheRoot: string;
  /** Maximum bytes of blocks on disk. Default `MEDBENCH_REMOTE_CACHE` in GiB, else 50 GiB. */
  readonly cacheBytes?: number;
  readonly log?: (line: string) => void;
  readonly environment?: HubEnvironment;
}

/**
 * Opens files on web servers (`https://…`, `http://…`) and in data sets on the Hugging Face hub
 * (`hf://datasets/OWNER/NAME[@REVISION]/PATH`). Bytes are fetched by ranges and kept on disk; a later read, run or
 * process takes them from there. A transfer that is cut resumes where it was cut.
 * @throws MedbenchError('usage') for a wrong `HF_ENDPOINT` or `MEDBENCH_REMOTE_CACHE`. Its methods throw
 * MedbenchError('network') that names the file if it cannot be fetched, or changes while it is in use.
 */
export function openRemote(options: RemoteOptions): RemoteFiles {
  return new WebFiles(options);
}

class WebFiles implements RemoteFiles {
  readonly #files = new Map<string, Promise<RemoteFile>>();
  readonly #transfer: Transfer;
  readonly #access: HubAccess;
  readonly #offline: boolean;
  readonly #kept: KeptAnswers;
  readonly #hub: HubListing;
  readonly #ahead = new FetchAhead((address) => this.#open(address));
  #warned = false;

  constructor(private readonly options: RemoteOptions) {
    const { cacheRoot, environment = process.env as HubEnvironment, cacheBytes = cacheLimit(), ...others } = options;
    const folder = join(cacheRoot, 'remote');
    this.#access = hubAccess(environment);
    this.#offline = isOffline(environment);
    this.#transfer = {
      ...others,
      cache: new BlockCache(join(folder, 'blocks'), cacheBytes),
      slots: new Slots(CONNECTIONS),
    };
    this.#kept = new KeptAnswers(join(folder, 'answers'));
    this.#hub = new HubListing({ ...others, access: this.#access, offline: this.#offline, kept: this.#kept });
  }

  async list(address: string, suffix: string): Promise<readonly string[]> {
    if (!isHubAddress(address)) return [checkWebAddress(address)];
    const place = parseHubAddress(address);
    const { commit, files } = await this.#hub.folder(place);
    const { name, path } = place;
    const matches = path.includes('*') ? patternTest(path) : (file: string) => file.startsWith(path && `${path}/`);
    const found = files
      .map((file) => file.path)
      .filter((file) => file === path || (file.endsWith(suffix) && matches(file)))
      .sort();
    if (found.length > 0) return found.map((file) => hubFileAddress(name, commit, file));
    throw new MedbenchError('network', `${address} names no file that ends in ${suffix}`, {
      hint: `The data set ${name} has ${files.length} files there: look at ${this.#access.hubUrl}/datasets/${name}/tree/${commit}.`,
    });
  }

  async text(address: string): Promise<string | undefined> {
    if (isHubAddress(address)) {
      const place = parseHubAddress(address);
      const { files } = await this.#hub.folder(place);
      const file = files.find(({ path }) => path === place.path);
      if (!file || file.size > MAX_TEXT) return undefined;
      return Buffer.from(await (await this.#open(address)).read(0, file.size)).toString('utf8');
    }
    const target = { url: checkWebAddress(address) };
    return repeat(this.#patience(address), () => requestText(target, MAX_TEXT, this.#transfer));
  }

  async stamp(address: string): Promise<FileStamp> {
    const { state } = await this.#open(address);
    return { size: state.size, stamp: stampText(state) };
  }

  async read(address: string, position: number, length: number, stamp: string): Promise<Uint8Array<ArrayBuffer>> {
    const file = await this.#open(address);
    if (stampText(file.state) !== stamp) throw file.changed('the server names another version');
    if (position + length > file.state.size) throw file.changed(`it ends at byte ${file.state.size}`);
    this.#ahead.noteRead();
    return file.read(position, length);
  }

  walk: ByteStore['walk'] = async (address, walk) => {
    const file = await this.#open(address);
    return walk(walkBlocks(file), await this.stamp(address));
  };

  async contents(addresses: readonly string[]): Promise<readonly FileContent[]> {
    const files = await Promise.all(addresses.map((address) => this.#open(address)));
    return files.map(({ state: { size, content } }, i) => ({ path: filePath(addresses[i]!), size, content }));
  }

  fetchAhead(addresses: readonly string[]): void {
    this.#ahead.start(addresses);
  }

  #open(address: string): Promise<RemoteFile> {
    const known = this.#files.get(address) ?? (isHubAddress(address) ? this.#openHub(address) : this.#openWeb(address));
    this.#files.set(address, known);
    // A failure is not remembered: the next read tries again.
    known.catch(() => this.#files.delete(address));
    return known;
  }

  async #openHub(address: string): Promise<RemoteFile> {
    const place = parseHubAddress(address);
    const { name, path } = place;
    const { hubUrl, accessToken } = this.#access;
    const { commit, files } = await this.#hub.folder(place);
    const file = files.find((candidate) => candidate.path === path);
    if (!file) {
      throw new MedbenchError('network', `${address} is not there`, {
        hint: `Look at ${hubUrl}/datasets/${name}/tree/${commit}.`,
      });
    }
    const { size, sha256, oid } = file;
    const url = `${hubUrl}/datasets/${name}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
    const target = accessToken === undefined ? { url } : { url, headers: { authorization: `Bearer ${accessToken}` } };
    // The commit fixes the content, and mirrors name versions in their own ways: tags are not compared.
    const state = { size, content: sha256 ?? `git:${oid ?? commit}`, ...(sha256 === undefined ? {} : { sha256 }) };
    const transfer = this.#offline ? { ...this.#transfer, fetch: refuseOffline } : this.#transfer;
    return new RemoteFile(address, target, state, hubAccessHint(name, hubUrl), transfer);
  }

  async #openWeb(address: string): Promise<RemoteFile> {
    const target = { url: checkWebAddress(address) };
    const state = await this.#webState(address, target);
    return new RemoteFile(address, target, state, WEB_ACCESS, this.#transfer);
  }

  /** Asks a server for the length of a file and the name of its version. */
  async #webState(address: string, target: Target): Promise<RemoteState> {
    try {
      const state = await repeat(this.#patience(address), () => this.#askState(address, target));
      await this.#kept.keep(address, state);
      return state;
    } catch (error) {
      const kept = (await this.#kept.find(address)) as RemoteState | undefined;
      if (!kept || !mayPass(error)) throw error;
      this.options.log?.(`${address}: the server does not answer; using what is in the cache`);
      return kept;
    }
  }

  async #askState(address: string, target: Target): Promise<RemoteState> {
    const { slots } = this.#transfer;
    const { total, tag, body } = await slots.use(() => requestRange(target, [0, 1], () => true, this.#transfer));
    // The body is not needed; ending its reading closes it.
    for await (const _ of body) break;
    if (tag === undefined) this.#warnUnnamed(address);
    return { size: total, content: tag ?? 'unnamed version', ...(tag === undefined ? {} : { tag }) };
  }

  #patience(address: string): Patience {
    return new Patience(this.#transfer, (fault, tries) => fetchError(address, fault, tries, WEB_ACCESS));
  }

  #warnUnnamed(address: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.options.log?.(
      `${address}: the server names no version of its files (ETag, Last-Modified): only their lengths tell whether they change`,
    );
  }
}

const stampText = ({ size, content }: RemoteState): string => `${size}/${content}`;

/** Stands for `fetch` where nothing may be fetched. */
const refuseOffline: typeof fetch = async () => {
  throw new Fault('it is not in the cache, and HF_HUB_OFFLINE is set', { passes: false });
};

/** The path of a file below its server or data set. */
const filePath = (address: string): string =>
  isHubAddress(address) ? parseHubAddress(address).path : decodeURIComponent(new URL(address).pathname.slice(1));

/** @throws MedbenchError('config') for an address that cannot be read, or that holds credentials. */
function checkWebAddress(address: string): string {
  if (withoutCredentials(address) !== address) {
    throw new MedbenchError('config', `${address} holds a user name, a password or a key`, {
      hint: 'Addresses are recorded with a run. Fetch the files with a program that can log in, and name their folder.',
    });
  }
  if (!/^https?:\/\//i.test(address)) {
    throw new MedbenchError('config', `${address} cannot be read: only https://, http:// and hf:// can`, {
      hint: 'Fetch the files first, and name their folder.',
    });
  }
  if (!new URL(address).pathname.endsWith('/')) return address;
  throw new MedbenchError('config', `${address} is a folder, and web servers do not list folders`, {
    hint: 'Name the files by a range in braces, such as {00000..00019}.tar.',
  });
}

/** Bytes of blocks that are kept on disk. @throws MedbenchError('usage') */
function cacheLimit(): number {
  const gib = parseVariable('MEDBENCH_REMOTE_CACHE', readVariable('MEDBENCH_REMOTE_CACHE')) ?? CACHE_GIB;
  return gib * 2 ** 30;
}
