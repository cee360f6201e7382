import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureFolder, MedbenchError } from '@medbench/core';
import {
  checkOutgoing,
  checkRepositoryName,
  type HubRepository,
  type LocalPaths,
  listFiles,
  requireToken,
  uploadFolder,
} from '@medbench/hub';
import { type HubEnvironment, hubAccess } from '@medbench/remote';

/** Where something is pushed to. */
export interface PushOptions {
  /** `owner/name` on the hub. Needed unless `out` is given. */
  readonly repository?: string | undefined;
  /** Folder to write to. Without a repository, nothing is sent. Default: a folder that is removed afterwards. */
  readonly out?: string | undefined;
  /** Whether to send nothing, and only say what would go. */
  readonly dryRun?: boolean | undefined;
  /** Whether anybody may see a repository that is made. Default: only its owner. */
  readonly isPublic?: boolean | undefined;
  /** Id of a licence, as the hub knows it. Default: what the card says of the data. */
  readonly licence?: string | undefined;
  readonly cwd?: string | undefined;
  /** Default: that of the process. */
  readonly environment?: HubEnvironment | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((message: string) => void) | undefined;
}

/** A file that goes out. */
export interface OutgoingFile {
  readonly name: string;
  readonly bytes: number;
}

/** The outcome of a push, or of its dry run. */
export interface Pushed {
  readonly kind: HubRepository['type'];
  readonly repository: string | undefined;
  readonly files: readonly OutgoingFile[];
  /** Parts of the run that do not go out, each with the reason. */
  readonly leftOut: readonly string[];
  /** The folder that was written; undefined if it was removed. */
  readonly folder: string | undefined;
  /** Address of the commit; undefined if nothing was sent. */
  readonly url: string | undefined;
}

/** How the files of a push are written into a folder: what comes out is checked, and then sent. */
export interface Outgoing {
  readonly kind: HubRepository['type'];
  readonly title: string;
  readonly paths: LocalPaths;
  readonly leftOut: readonly string[];
  /** Writes all that goes out into an empty folder. */
  readonly write: (folder: string) => Promise<unknown>;
}

const hubEnvironment = ({ environment }: PushOptions): HubEnvironment => environment ?? (process.env as HubEnvironment);

/** @throws MedbenchError('usage') unless there is somewhere to push to, its name is one, and there is a token for it. */
export function checkTarget(options: PushOptions): void {
  const { repository, out, dryRun } = options;
  if (repository !== undefined) {
    checkRepositoryName(repository, '--repo');
    if (!dryRun) requireToken(hubAccess(hubEnvironment(options)));
  } else if (out === undefined) {
    throw new MedbenchError('usage', 'push has nowhere to push to', {
      hint: 'Give --repo OWNER/NAME for a repository on the hub, or --out DIR for a folder.',
    });
  }
}

/** @throws MedbenchError('usage') if a folder holds anything: what goes out is exactly what was written. */
function requireEmpty(folder: string): void {
  if (!existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0)) return;
  throw new MedbenchError('usage', `${folder} is not an empty folder`, {
    hint: 'Name another one with --out, or empty it.',
  });
}

/**
 * Writes what goes out into a folder, looks through it for what must not, and sends it.
 * @throws MedbenchError('usage') without a token; ('store') as `checkOutgoing` and `uploadFolder`.
 */
export async function sendOutgoing(outgoing: Outgoing, options: PushOptions): Promise<Pushed> {
  const { kind, title, paths, leftOut, write } = outgoing;
  const { repository, out, dryRun = false, isPublic = false, cwd = process.cwd(), signal, log } = options;
  const environment = hubEnvironment(options);
  const kept = out === undefined || dryRun ? undefined : resolve(cwd, out);
  if (kept !== undefined) requireEmpty(kept);
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'medbench-push-')));
  try {
    await ensureFolder(folder);
    await write(folder);
    const names = listFiles(folder);
    await checkOutgoing(folder, names, [...paths.folders, environment.HF_TOKEN]);
    const files = names.map((name) => ({ name, bytes: statSync(join(folder, name)).size }));
    const sent =
      repository === undefined || dryRun
        ? undefined
        : await uploadFolder({
            ...{ folder, files: names, title, isPublic, environment, signal },
            repository: { type: kind, name: repository },
            ...(log ? { log } : {}),
          });
    return { kind, repository, files, leftOut, folder: kept, url: sent?.url };
  } finally {
    if (kept === undefined) await rm(folder, { recursive: true, force: true });
  }
}
