import { join } from 'node:path';
import { type BoundProtocol, bindProtocol, fileName, type ProtocolContext, type ProtocolId } from '@medbench/core';
import { type CatalogueEntry, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { type EvaluationConfig, primaryMetric, protocolSettings } from './plan/protocols.js';

/**
 * Binds protocols to what a task measures with: their settings, the split, and the primary metric that the task names.
 * Each has a folder of its own for its state, below that of the context.
 */
export async function bindProtocols(
  registry: Registry,
  { info: task }: CatalogueEntry<'task'>,
  ids: readonly ProtocolId[],
  evaluation: EvaluationConfig,
  context: Omit<ProtocolContext, 'settings' | 'split' | 'metric'>,
): Promise<BoundProtocol[]> {
  const bound: BoundProtocol[] = [];
  for (const id of ids) {
    const { info } = findEntry(registry.catalogue, 'protocol', id);
    const { resume } = context;
    const protocolContext = {
      ...context,
      ...(resume ? { resume: { ...resume, folder: join(resume.folder, fileName(id)) } } : {}),
      split: evaluation.split,
      settings: protocolSettings(evaluation, info),
      metric: primaryMetric(task, info),
    };
    bound.push(bindProtocol(info, await registry.get('protocol', id), protocolContext));
  }
  return bound;
}
