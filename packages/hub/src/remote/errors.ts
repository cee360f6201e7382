import { type ErrorCode, isMedbenchError, MedbenchError } from '@medbench/core';
import { describeHubError, type HubAccess } from '@medbench/remote';
import type { HubRepository } from './repository.js';

/** The status of an answer that the hub's library made an error of; undefined for other errors. */
export const answerStatus = (error: unknown): number | undefined => {
  const { statusCode } = Object(error) as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
};

/** Page on which tokens are made. */
const tokensPage = ({ hubUrl }: HubAccess): string => `${hubUrl}/settings/tokens`;

/** @throws MedbenchError('usage') that names `HF_TOKEN` if there is no token, or it is none of the hub. */
export function requireToken(access: HubAccess): string {
  const { accessToken } = access;
  if (accessToken?.startsWith('hf_')) return accessToken;
  throw new MedbenchError('usage', accessToken ? 'HF_TOKEN is not a token of the hub' : 'HF_TOKEN is not set', {
    hint: `Set it to a token that may write, from ${tokensPage(access)}. --dry-run and --out need none.`,
  });
}

/** The way out of an answer. */
function hintFor(status: number | undefined, { name }: HubRepository, access: HubAccess): string {
  switch (status) {
    case 401:
      return `HF_TOKEN was not accepted. Make a token that may write on ${tokensPage(access)}.`;
    case 403:
      return `HF_TOKEN gives no access to ${name}. Check the owner, and that the token may do this.`;
    case 404:
      return `Check the name. A private repository needs HF_TOKEN.`;
    case 409:
    case 412:
      return 'Somebody else changed the repository meanwhile. Repeat the command.';
    case 400:
    case 413:
    case 422:
      return 'The hub refused what was sent. Its message says why.';
    default:
      return 'Check the network (HF_ENDPOINT names a mirror), and repeat the command: what has arrived is not sent again.';
  }
}

/** Makes the error for a request that failed. It holds no token, whatever the server answered. */
export function hubError(
  code: ErrorCode,
  what: string,
  error: unknown,
  repository: HubRepository,
  access: HubAccess,
): MedbenchError {
  if (isMedbenchError(error)) return error as MedbenchError;
  // The cause is not kept: it may hold the token.
  return new MedbenchError(code, `${what}: ${describeHubError(error, access)}`, {
    hint: hintFor(answerStatus(error), repository, access),
  });
}
