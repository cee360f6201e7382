import { errorMessage, MedbenchError } from '@medbench/core';

/** Why a request did not bring what it asked for. */
export class Fault extends Error {
  /** Whether the next try may succeed. */
  readonly passes: boolean;
  /** Milliseconds that the server asks to wait. */
  readonly waitMs: number | undefined;
  /** Status of the answer; undefined without one. */
  readonly status: number | undefined;

  constructor(
    message: string,
    options: { readonly passes: boolean; readonly waitMs?: number | undefined; readonly status?: number },
  ) {
    super(message);
    this.passes = options.passes;
    this.waitMs = options.waitMs;
    this.status = options.status;
  }
}

/** Statuses after which the same request may succeed (RFC 9110 section 15, RFC 6585). */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The fault that a status means. */
export function statusFault(response: Response, now: number): Fault {
  const { status } = response;
  const passes = PASSING.has(status) || status > 504;
  return new Fault(`the server answers ${status}`, { passes, status, waitMs: retryAfter(response, now) });
}

/** Milliseconds that `Retry-After` asks for, in seconds or as a date. */
function retryAfter({ headers }: Response, now: number): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - now;
  return ms >= 0 ? ms : undefined;
}

/** The fault behind an error of `fetch`, which puts the reason into the cause. */
export function connectionFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  const { code } = (cause ?? error) as { code?: unknown };
  const reason = typeof code === 'string' ? code : errorMessage(cause ?? error);
  return new Fault(`the connection fails (${reason})`, { passes: true });
}

/** The error that a fault ends in, after some tries. */
export function fetchError(name: string, fault: Fault, tries: number, access: string): MedbenchError {
  const { status } = fault;
  if (status === 401 || status === 403) {
    return new MedbenchError('network', `${name}: the server refuses access (${status})`, {
      hint: access,
      cause: fault,
    });
  }
  if (status === 404 || status === 410) {
    return new MedbenchError('network', `${name} is not there (the server answers ${status})`, {
      cause: fault,
      hint: `Check the address. A server may also say so to those who have no access: ${access}`,
    });
  }
  const times = tries > 1 ? `, ${tries} times in a row` : '';
  return new MedbenchError('network', `${name} cannot be fetched: ${fault.message}${times}`, {
    cause: fault,
    hint: 'What was fetched stays in the cache: the same command resumes from there when the server answers again.',
  });
}

/** Whether an error of `fetchError` may be gone later, such as that of a server that does not answer. */
export const mayPass = (error: unknown): boolean =>
  error instanceof MedbenchError && error.cause instanceof Fault && error.cause.passes;
