import { MedbenchError } from '@medbench/core';
import type { MlflowSettings } from './settings.js';

/** Environment variables of MLflow's own clients that are read here. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Where the server is, and what it is shown with each request. */
export interface Server {
  /** Address without credentials and without `/` at its end. */
  readonly address: string;
  /** Value of the header `Authorization`; undefined without credentials. */
  readonly authorization: string | undefined;
}

const HINT = 'Set MLFLOW_TRACKING_URI, or --set tracker.mlflow.server=http://127.0.0.1:5000.';

const usage = (message: string, hint = HINT): MedbenchError => new MedbenchError('usage', message, { hint });

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/**
 * Finds the server and the credentials, as MLflow's own clients do: a token wins over a user name and a password.
 * @throws MedbenchError('usage') if no server is named, the address is none, or a setting holds credentials.
 */
export function findServer({ server }: Pick<MlflowSettings, 'server'>, env: Environment): Server {
  const address = server || env.MLFLOW_TRACKING_URI;
  if (!address) throw usage('No MLflow server is named');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw usage(`${address} is not the address of an MLflow server`);
  }
  if (server && (url.username || url.password)) {
    throw usage(
      'tracker.mlflow.server holds a user name or a password, and settings are kept in the run folder',
      'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead.',
    );
  }
  const user = env.MLFLOW_TRACKING_USERNAME || decodeURIComponent(url.username);
  const password = env.MLFLOW_TRACKING_PASSWORD || decodeURIComponent(url.password);
  const token = env.MLFLOW_TRACKING_TOKEN;
  return {
    address: `${url.origin}${url.pathname}`.replace(/\/+$/, ''),
    authorization: token ? `Bearer ${token}` : user ? basic(user, password) : undefined,
  };
}
