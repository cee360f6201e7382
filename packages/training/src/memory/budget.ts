import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { parseVariable, readVariable } from '@medbench/core';

const MEBIBYTE = 2 ** 20;
/** Share of free memory that a step may take: predictions are right within 15 %, and other processes need some too. */
const SHARE = 0.9;

/** Reads a text file; undefined if it cannot be read. */
const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Parses a number; infinity if there is none, as for a limit of `max`. */
const parseNumber = (text: string | undefined): number => {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
};

/** Bytes that the control group (version 2 or 1) leaves free; infinite if it sets no limit. */
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

/** Bytes of free memory, including what the system can reclaim from its caches. */
function freeInSystem(): number {
  const kibibytes = readText('/proc/meminfo')?.match(/^MemAvailable:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

/**
 * The most bytes that this process may hold: `MEDBENCH_MEMORY` (in MiB), or what it holds now plus nine tenths of the
 * memory that is free in the system and its control group.
 * @throws MedbenchError('usage') if the variable is not a positive number.
 */
export function memoryBudget(): number {
  const mebibytes = parseVariable('MEDBENCH_MEMORY', readVariable('MEDBENCH_MEMORY'));
  if (mebibytes !== undefined) return mebibytes * MEBIBYTE;
  return process.memoryUsage.rss() + SHARE * Math.max(0, Math.min(freeInSystem(), freeInControlGroup()));
}

export const formatMebibytes = (bytes: number): string => `${Math.round(bytes / MEBIBYTE).toLocaleString('en')} MiB`;
