import { errorMessage, MedbenchError, withoutCredentials } from '@medbench/core';

/** Environment variables that control access to the hub. They mean the same as for `huggingface_hub` in Python. */
export interface HubEnvironment {
  readonly HF_HUB_OFFLINE?: string | undefined;
  readonly HF_ENDPOINT?: string | undefined;
  readonly HF_TOKEN?: string | undefined;
}

/** The hub when nobody names another. */
const HUB_URL = 'https://huggingface.co';

/** How the hub is reached, in the terms of its library. */
export interface HubAccess {
  /** Address of the hub or its mirror, without `/` at its end. */
  readonly hubUrl: string;
  readonly accessToken?: string;
}

/** Whether nothing may be downloaded (`HF_HUB_OFFLINE`). */
export const isOffline = ({ HF_HUB_OFFLINE }: HubEnvironment): boolean =>
  HF_HUB_OFFLINE !== undefined && /^(1|on|yes|true)$/i.test(HF_HUB_OFFLINE);

/**
 * Reads how the hub is reached: the mirror that `HF_ENDPOINT` names, and the token in `HF_TOKEN`.
 * @throws MedbenchError('usage') that does not repeat the address if it holds a user name, a password or a key.
 */
export function hubAccess({ HF_ENDPOINT, HF_TOKEN }: HubEnvironment): HubAccess {
  return {
    hubUrl: HF_ENDPOINT ? checkEndpoint(HF_ENDPOINT) : HUB_URL,
    ...(HF_TOKEN ? { accessToken: HF_TOKEN } : {}),
  };
}

function checkEndpoint(endpoint: string): string {
  if (withoutCredentials(endpoint) !== endpoint) {
    throw new MedbenchError('usage', 'HF_ENDPOINT holds a user name, a password or a key', {
      hint: 'Set it to the address alone. HF_TOKEN gives access.',
    });
  }
  return endpoint.replace(/\/+$/, '');
}

/**
 * The message of an error with that of its cause: `fetch` puts the actual reason there. A token that a server repeats is
 * left out.
 */
export function describeHubError(error: unknown, { accessToken }: HubAccess): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const text =
    cause instanceof Error && cause.message ? `${errorMessage(error)} (${errorMessage(cause)})` : errorMessage(error);
  return accessToken ? text.replaceAll(accessToken, '…') : text;
}
