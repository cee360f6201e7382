import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { withoutCredentials, writeFileAtomicSync } from '@medbench/core';
import { flatSettings } from '../config/flat.js';
import type { RunFile } from '../results.js';
import type { RunLayout } from '../store/layout.js';
import { tryReadJson } from '../store/store.js';
import type { FeedSource } from './feed.js';

/**
 * The name of a run for trackers, which is drawn once and kept in the run folder.
 * @throws MedbenchError('store') if it cannot be kept.
 */
function trackedId(layout: RunLayout): string {
  const kept = tryReadJson<{ readonly id?: unknown }>(layout.trackedId)?.id;
  if (typeof kept === 'string') return kept;
  const id = randomBytes(8).toString('hex');
  writeFileAtomicSync(layout.trackedId, `${JSON.stringify({ id })}\n`);
  return id;
}

const cleanSettings = (settings: Readonly<Record<string, string | number | boolean>>): typeof settings =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === 'string' ? withoutCredentials(value) : value,
    ]),
  );

/**
 * Describes a run for trackers, without credentials in its settings.
 * @param file content of its `run.json`.
 * @throws MedbenchError('store') if the folder cannot be written.
 */
export const feedSource = (layout: RunLayout, file: RunFile): FeedSource => ({
  layout,
  file,
  run: {
    id: trackedId(layout),
    name: basename(layout.folder),
    folder: layout.folder,
    command: withoutCredentials(file.command),
    backend: file.backend,
    settings: cleanSettings(flatSettings(file.config)),
    ...(file.study ? { study: file.study.title } : {}),
  },
});
