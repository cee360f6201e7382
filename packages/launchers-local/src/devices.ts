import type { LaunchRoom } from '@medbench/core';

/**
 * Divides the accelerators of a machine among processes.
 * @param visible value of `CUDA_VISIBLE_DEVICES`: the ones that this process may use, by number or name.
 * @returns the value of that variable for each process; empty without accelerators.
 */
export function deviceShares(devices: LaunchRoom['devices'], visible: string | undefined): string[] {
  if (!devices) return [];
  const { present, each } = devices;
  const named = visible?.split(',').filter(Boolean);
  const all = (named ?? Array.from({ length: present }, (_, i) => String(i))).slice(0, present);
  return Array.from({ length: Math.floor(all.length / each) }, (_, i) => all.slice(i * each, (i + 1) * each).join(','));
}
