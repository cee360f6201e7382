import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type HubEnvironment, hubAccess } from '@medbench/remote';
import { answerStatus, hubError, requireToken } from './errors.js';
import { type FetchOptions, hubFetch } from './fetch.js';
import type { HubRepository } from './repository.js';

/** A folder to upload. */
export interface Upload extends FetchOptions {
  readonly folder: string;
  /** Files below the folder, with `/` between folders. */
  readonly files: readonly string[];
  readonly repository: HubRepository;
  /** First line of the commit. */
  readonly title: string;
  /** Whether anybody may see a repository that is made. One that exists stays as it is. */
  readonly isPublic: boolean;
  readonly environment: HubEnvironment;
  readonly signal?: AbortSignal | undefined;
}

/** A commit on the hub. */
export interface Uploaded {
  readonly commit: string;
  readonly url: string;
}

/**
 * Uploads files in one commit, and makes the repository if it does not exist. Either all files arrive or none does.
 * @throws MedbenchError('usage') without a token; ('store') with the hub's reason and the way out.
 */
export async function uploadFolder(upload: Upload): Promise<Uploaded> {
  const { repository, folder, files, environment, isPublic, title, signal, log = () => {} } = upload;
  const access = hubAccess(environment);
  const accessToken = requireToken(access);
  const { commit, createRepo, repoExists } = await import('@huggingface/hub');
  const client = { ...access, accessToken, repo: repository, fetch: hubFetch(access, upload) };
  const operations = files.map((path) => ({
    operation: 'addOrUpdate' as const,
    path,
    content: pathToFileURL(join(folder, path)),
  }));
  try {
    await createRepo({ ...client, visibility: isPublic ? 'public' : 'private' }).catch(async (error: unknown) => {
      // A token for one repository may not make others, and need not.
      const exists = answerStatus(error) === 409 || (answerStatus(error) === 403 && (await repoExists(client)));
      if (!exists) throw error;
    });
    log(`${repository.name}: ${files.length} files`);
    const made = await commit({ ...client, operations, title, ...(signal ? { abortSignal: signal } : {}) });
    return { commit: made!.commit.oid, url: made!.commit.url };
  } catch (error) {
    throw hubError('store', `${repository.name} could not be pushed`, error, repository, access);
  }
}
