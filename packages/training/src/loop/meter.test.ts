import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { costMeter } from './meter.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function powercap(zones: Readonly<Record<string, { name: string; energy: number }>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'medbench-powercap-'));
  folders.push(folder);
  for (const [zone, { name, energy }] of Object.entries(zones)) {
    mkdirSync(join(folder, zone));
    writeFileSync(join(folder, zone, 'name'), `${name}\n`);
    writeFileSync(join(folder, zone, 'energy_uj'), `${energy}\n`);
    writeFileSync(join(folder, zone, 'max_energy_range_uj'), '1000000000\n');
  }
  return folder;
}

describe('costMeter', () => {
  it('multiplies a power by the time if there are no counters', () => {
    const nowhere = join(tmpdir(), 'medbench-no-powercap');
    expect(costMeter({ powercap: nowhere, watts: undefined }).read(10).energy).toEqual({
      joules: 650,
      from: 'assumed',
      watts: 65,
    });
    expect(costMeter({ powercap: nowhere, watts: '120' }).read(2).energy.joules).toBe(240);
    for (const watts of ['many', '-3', '0']) expect(() => costMeter({ watts })).toThrow(/MEDBENCH_WATTS/);
  });

  it('adds up each processor package once, also if its counter wraps around', async () => {
    const folder = powercap({
      'intel-rapl:0': { name: 'package-0', energy: 100_000_000 },
      'intel-rapl:0:0': { name: 'core', energy: 0 },
      'intel-rapl:1': { name: 'package-1', energy: 990_000_000 },
      'intel-rapl:2': { name: 'psys', energy: 0 },
      'intel-rapl-mmio:0': { name: 'package-0', energy: 0 },
    });
    const meter = costMeter({ powercap: folder });
    const began = performance.now();
    for (const zone of ['intel-rapl:0:0', 'intel-rapl:2', 'intel-rapl-mmio:0']) {
      writeFileSync(join(folder, zone, 'energy_uj'), '900000000');
    }
    writeFileSync(join(folder, 'intel-rapl:0', 'energy_uj'), '700000000');
    writeFileSync(join(folder, 'intel-rapl:1', 'energy_uj'), '390000000');
    await new Promise((done) => setTimeout(done, 300));
    // The counters cover the whole time: 600 J and 400 J, less a moment between the two readings of the clock.
    const { energy } = meter.read((performance.now() - began) / 1000);
    expect(energy.from).toBe('counters');
    expect(energy.watts).toBeUndefined();
    expect(energy.joules).toBeGreaterThan(900);
    expect(energy.joules).toBeLessThanOrEqual(1000);
  });

  it('reports the peak of the memory that it sampled', () => {
    const meter = costMeter();
    const before = process.memoryUsage.rss();
    let block: Uint8Array | undefined = new Uint8Array(64 * 2 ** 20).fill(1);
    meter.sample();
    expect(block.length).toBeGreaterThan(0);
    block = undefined;
    expect(meter.read(1).peakMemory).toBeGreaterThan(before + 32 * 2 ** 20);
  });
});
