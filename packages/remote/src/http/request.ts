import { connectionFault, Fault, statusFault } from './faults.js';

/** The address of a request. */
export interface Target {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RequestOptions {
  readonly fetch?: typeof fetch;
  /** Milliseconds without a byte after which a request counts as failed. Default 30,000. */
  readonly idleMs?: number;
}

/** A part of a file, or all of it. */
export interface Piece {
  /** Length of the whole file. */
  readonly total: number;
  /** Offset of the first byte of the body. */
  readonly start: number;
  /** Whether the server sent the whole file, because it knows no ranges. */
  readonly whole: boolean;
  /** The server's name of the version of the content: `ETag`, else `Last-Modified`. */
  readonly tag: string | undefined;
  /** Where the server has the file, if it sent us elsewhere. */
  readonly location: string | undefined;
  /** The bytes. @throws Fault if they end early, are too many, or stop coming. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Requests the bytes from `start` to `end` (excluded).
 * @param mayBeWhole Tells whether a whole file of this length is taken from a server that knows no ranges.
 * @throws Fault
 */
export async function requestRange(
  target: Target,
  [start, end]: readonly [start: number, end: number],
  mayBeWhole: (total: number) => boolean,
  options: RequestOptions = {},
): Promise<Piece> {
  const watch = idleWatch(options.idleMs);
  const range = { range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity' };
  const response = await send(target, range, watch, options);
  try {
    const { status, headers } = response;
    if (status !== 200 && status !== 206) throw statusFault(response, Date.now());
    if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
      throw new Fault('the server compresses the file, so that its bytes cannot be addressed', { passes: false });
    }
    const { first, last, total } = status === 206 ? contentRange(headers) : wholeRange(headers);
    const whole = status === 200;
    if (!whole && (first !== start || last >= end || (last < end - 1 && last !== total - 1))) {
      throw new Fault(`the server sends bytes ${first} to ${last} instead of ${start} to ${end - 1}`, { passes: true });
    }
    if (whole && !mayBeWhole(total)) {
      throw new Fault(`the server sends only whole files, and the cache has no room for ${total} bytes`, {
        passes: false,
      });
    }
    const tag = headers.get('etag') ?? headers.get('last-modified') ?? undefined;
    const location = response.redirected ? response.url : undefined;
    return { total, start: first, whole, tag, location, body: exactBody(response, last - first + 1, watch) };
  } catch (error) {
    watch.stop();
    await response.body?.cancel().catch(() => undefined);
    throw error;
  }
}

/**
 * Requests a small text. @returns undefined if there is none, or none that we may read.
 * @throws Fault, also for a text of more than `limit` bytes.
 */
export async function requestText(
  target: Target,
  limit: number,
  options: RequestOptions = {},
): Promise<string | undefined> {
  const watch = idleWatch(options.idleMs);
  const response = await send(target, {}, watch, options);
  try {
    // Stores of objects answer 403 where they do not say what is missing.
    if ([401, 403, 404, 410].includes(response.status)) return undefined;
    if (response.status !== 200) throw statusFault(response, Date.now());
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of readBody(response)) {
      watch.restart();
      bytes += part.length;
      if (bytes > limit) throw new Fault(`it has more than ${limit} bytes`, { passes: false });
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    throw connectionFault(error);
  } finally {
    watch.stop();
    await response.body?.cancel().catch(() => undefined);
  }
}

async function send(
  { url, headers = {} }: Target,
  more: Readonly<Record<string, string>>,
  watch: IdleWatch,
  { fetch: run = fetch }: RequestOptions,
): Promise<Response> {
  try {
    const response = await run(url, { headers: { ...headers, ...more }, signal: watch.signal });
    watch.restart();
    if (url.startsWith('https:') && response.redirected && !response.url.startsWith('https:')) {
      throw new Fault('the server sends us to an address without encryption', { passes: false });
    }
    return response;
  } catch (error) {
    watch.stop();
    throw watch.signal.aborted ? (watch.signal.reason as Fault) : connectionFault(error);
  }
}

/** Aborts when nothing has happened for a while. */
interface IdleWatch {
  readonly signal: AbortSignal;
  restart(): void;
  stop(): void;
}

function idleWatch(idleMs = 30_000): IdleWatch {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Fault(`no byte came for ${idleMs / 1000} s`, { passes: true }));
  const timer = setTimeout(stop, idleMs);
  return { signal: controller.signal, restart: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

interface ByteRange {
  readonly first: number;
  readonly last: number;
  readonly total: number;
}

function contentRange(headers: Headers): ByteRange {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get('content-range') ?? '');
  if (!match) throw new Fault('the server does not say which bytes it sends', { passes: false });
  const [first, last, total] = match.slice(1).map(Number) as [number, number, number];
  if (first <= last && last < total) return { first, last, total };
  throw new Fault(`the server claims to send bytes ${first} to ${last} of ${total}`, { passes: false });
}

function wholeRange(headers: Headers): ByteRange {
  const total = Number(headers.get('content-length') ?? Number.NaN);
  if (Number.isSafeInteger(total) && total > 0) return { first: 0, last: total - 1, total };
  throw new Fault('the server sends a whole file and does not say how long it is', { passes: false });
}

async function* readBody({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) yield part.value;
  } finally {
    reader?.releaseLock();
  }
}

async function* exactBody(response: Response, length: number, watch: IdleWatch): AsyncGenerator<Uint8Array> {
  let done = 0;
  try {
    for await (const part of readBody(response)) {
      watch.restart();
      done += part.length;
      if (done > length) throw new Fault(`the server sends more than the ${length} bytes it claims`, { passes: true });
      yield part;
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (watch.signal.aborted) throw watch.signal.reason;
    throw new Fault(`the body ends after ${done} of ${length} bytes`, { passes: true });
  } finally {
    watch.stop();
    await response.body?.cancel().catch(() => undefined);
  }
  if (done < length) throw new Fault(`the body ends after ${done} of ${length} bytes`, { passes: true });
}
