import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { MedbenchError } from '@medbench/core';

const MEBIBYTE = 2 ** 20;
/** The share of free memory that a step may take: the prediction is right within 15 %, and others want some too. */
const SHARE = 0.9;

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const parseNumber = (text: string | undefined): number => {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
};

/** What a control group leaves, version 2 or 1; infinite where none limits it. */
function freeInControlGroup(): number {
  const groups = [
    ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory.current', '/sys/fs/cgroup/memory.stat', 'inactive_file'],
    [
      '/sys/fs/cgroup/memory/memory.limit_in_bytes',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes',
      '/sys/fs/cgroup/memory/memory.stat',
      'total_inactive_file',
    ],
  ] as const;
  for (const [limit, usage, stat, cache] of groups) {
    const used = readText(usage);
    if (used === undefined) continue;
    const reclaimable = readText(stat)?.match(new RegExp(`^${cache} (\\d+)$`, 'm'))?.[1] ?? '0';
    return parseNumber(readText(limit)) - parseNumber(used) + Number(reclaimable);
  }
  return Number.POSITIVE_INFINITY;
}

/** Free memory and what the system can take back from its caches. */
function freeInSystem(): number {
  const kibibytes = readText('/proc/meminfo')?.match(/^MemAvailable:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

/**
 * The most that this process may come to hold, in bytes: `MEDBENCH_MEMORY` (MiB), or what it holds and nine tenths of what
 * the system and its control group have free.
 * @throws MedbenchError('usage') if the variable is not a positive number.
 */
export function memoryBudget(): number {
  const setting = process.env.MEDBENCH_MEMORY;
  if (setting === undefined || setting === '')
    return process.memoryUsage.rss() + SHARE * Math.max(0, Math.min(freeInSystem(), freeInControlGroup()));
  const mebibytes = Number(setting);
  if (mebibytes > 0 && Number.isFinite(mebibytes)) return mebibytes * MEBIBYTE;
  throw new MedbenchError('usage', `MEDBENCH_MEMORY is ${setting}, expected the MiB that training may take`, {
    hint: 'Unset it to use what is free.',
  });
}

export const formatMebibytes = (bytes: number): string => `${Math.round(bytes / MEBIBYTE).toLocaleString('en')} MiB`;
