import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  ensurePrivateFolder,
  type ForeignWeights,
  hashJson,
  isRestricted,
  type LoadedModel,
  MedbenchError,
  type ModelRequest,
  resolveSettings,
  type TaskContext,
} from '@medbench/core';
import {
  bindProtocols,
  chooseBackend,
  composePlugins,
  listTaskProtocols,
  makePlan,
  mergeTrees,
} from '@medbench/runner';
import { dataFolder } from './carry-out.js';
import { recogniseCheckpoint } from './checkpoint.js';
import { type BenchmarkOptions, settingsTree, workingFolder } from './options.js';
import { cacheFolder, openWorkspace, readConfig } from './workspace.js';

/** Which weights embed, and where to. */
export interface EmbedCheckpointOptions {
  /** A safetensors file, its folder, or a model on the hub: of two towers, in the layout of open_clip or `CLIPModel`. */
  readonly weights: string;
  /** Folder to write `<task>/<array>.npy` to. */
  readonly out: string;
  /** Called with each folder that was written. */
  readonly wrote: (folder: string) => void;
  readonly log: (message: string) => void;
}

/** Imports a checkpoint and loads it as a model that embeds. Its converted file is not needed afterwards. */
async function loadForeign(found: ForeignWeights, request: ModelRequest, key: string): Promise<LoadedModel> {
  const { loadModel } = await import('@medbench/training');
  const folder = await mkdtemp(join(tmpdir(), 'medbench-checkpoint-'));
  try {
    const { weights: file } = await found.import(request, { folder, key });
    return await loadModel(request, { file });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Embeds the images and texts of tasks with a checkpoint that was trained elsewhere. Towers, context and vocabulary are
 * those of its configuration.
 * @throws MedbenchError('usage') if no tasks are selected; ('weights') as `recogniseCheckpoint`; and as `benchmark`.
 */
export async function embedCheckpoint(
  options: BenchmarkOptions,
  { weights, out, wrote, log }: EmbedCheckpointOptions,
): Promise<void> {
  const cwd = workingFolder(options);
  const workspace = await openWorkspace(cwd, options.config);
  const flags = mergeTrees({ methods: [], controls: [] }, settingsTree(options));
  if (flags.tasks === undefined && flags.preset === undefined && workspace.file === undefined) {
    throw new MedbenchError('usage', 'embed --weights needs --tasks', {
      hint: 'medbench embed --weights ./biomedclip --tasks pneumoniamnist --data ./data --out embeddings',
    });
  }
  const config = await readConfig(workspace, flags);
  const plan = makePlan(config, workspace.catalogue);
  const { catalogue } = workspace;
  const logger = { info: log, warn: log, event: () => {} };
  const cacheRoot = cacheFolder(cwd);
  const dataRoot = await dataFolder(workspace, config, log);
  const { registry } = composePlugins({ catalogue, cacheRoot, dataRoot, logger });
  const [{ findPreprocessing, readCheckpoint }, { keepEmbeddings }, { TowerPretraining }] = await Promise.all([
    import('@medbench/weights'),
    import('@medbench/evaluation'),
    import('@medbench/training'),
  ]);
  const checkpoint = await readCheckpoint(weights, { log });
  const { encoders, model: sizes } = await recogniseCheckpoint(checkpoint, { catalogue, registry });
  const model = { ...sizes, preprocessing: (await findPreprocessing(weights, { fetch: true, log })) ?? null };
  log(`${weights}: ${encoders.image} and ${encoders.text}`);
  const { backend } = await chooseBackend(registry, config);
  const request: ModelRequest = {
    image: await registry.get('encoder', encoders.image),
    text: await registry.get('encoder', encoders.text),
    ...{ model, backend, log },
  };
  const found = await new TowerPretraining().findWeights(weights, log);
  const key = hashJson({ fingerprint: found.fingerprint, encoders, model });
  const loaded = await loadForeign(found, request, key);
  try {
    for (const entry of plan.tasks) {
      const { id, info } = entry;
      const folder = join(resolve(cwd, out), encodeURIComponent(id));
      if (isRestricted(info.access)) await ensurePrivateFolder(folder);
      const task = await registry.get('task', id);
      const context: TaskContext = {
        ...{ dataRoot, cacheRoot, log },
        settings: resolveSettings('taskSettings', info, config.taskSettings[id]),
        skipBad: config.skipBad,
        skip: (what) => log(`left out: ${what}`),
        seed: config.seeds[0]!,
        protocols: await bindProtocols(
          registry,
          entry,
          listTaskProtocols(info, catalogue, plan.config.evaluation),
          plan.config.evaluation,
          {
            seed: config.seeds[0]!,
            embedOnly: true,
          },
        ),
      };
      const kept = await keepEmbeddings(folder, { key, model: weights, task: id }, async () => loaded);
      await task.evaluate(kept, context);
      wrote(folder);
    }
  } finally {
    await loaded.dispose();
  }
}
