import { setTimeout as sleep } from 'node:timers/promises';
import { type HubAccess, pauseBefore, statusFault } from '@medbench/remote';

const ATTEMPTS = 5;
/** Paths of the hub's interface, without those of files. */
const ANSWERS = /^\/api\/(?!resolve-cache\/)|\/info\/lfs\//;
/** Largest answer of the hub's interface: lists of files, never a file. */
const LARGEST_ANSWER = 16 * 2 ** 20;

/** How a client reports and paces its requests. */
export interface FetchOptions {
  readonly log?: (message: string) => void;
  /** Time before the first repetition, in milliseconds; doubled before each further one. Default 1000. */
  readonly pause?: number;
}

/**
 * Makes the `fetch` of the hub's library. It repeats a request that a network or a busy server broke off, up to four
 * times. The token goes to the hub itself and to no other server, such as the store of large files. Answers of the
 * hub's interface are bounded.
 */
export function hubFetch({ hubUrl, accessToken }: HubAccess, options: FetchOptions = {}): typeof fetch {
  const { log = () => {}, pause = 1000 } = options;
  const hub = new URL(hubUrl).origin;
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const { origin, pathname } = new URL(url);
    const headers = new Headers(init.headers);
    if (origin !== hub && accessToken && headers.get('authorization')?.includes(accessToken)) {
      headers.delete('authorization');
    }
    for (let attempt = 1; ; attempt++) {
      let why: string;
      let asked: number | undefined;
      try {
        const response = await fetch(input, { ...init, headers });
        const fault = statusFault(response, Date.now());
        if (!fault.passes || attempt === ATTEMPTS) {
          return ANSWERS.test(pathname) ? await bounded(response, url) : response;
        }
        why = fault.message;
        asked = fault.waitMs;
        await response.body?.cancel();
      } catch (error) {
        if (init.signal?.aborted || !isUnreachable(error) || attempt === ATTEMPTS) throw error;
        why = 'the connection broke';
      }
      const wait = pauseBefore(attempt, asked, pause);
      log(`${origin}${pathname.slice(0, 120)}: ${why}; trying again in ${Math.ceil(wait / 1000)} s`);
      await sleep(wait, undefined, init.signal ? { signal: init.signal } : {});
    }
  };
}

/** Whether a connection broke or was never made: `fetch` then throws a TypeError with the reason as its cause. */
export const isUnreachable = (error: unknown): boolean => error instanceof TypeError && error.cause !== undefined;

/** Reads an answer up to its bound. @throws RangeError beyond it. */
async function bounded(response: Response, url: string): Promise<Response> {
  if (!response.body) return response;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += piece.byteLength;
    if (bytes > LARGEST_ANSWER) throw new RangeError(`the answer has more than ${LARGEST_ANSWER} bytes`);
    pieces.push(piece);
  }
  const { status, statusText, headers } = response;
  const read = new Response(Buffer.concat(pieces).toString('utf8'), { status, statusText, headers });
  // A response that is made has no address, which the library's messages name.
  return Object.defineProperty(read, 'url', { value: response.url || url });
}
