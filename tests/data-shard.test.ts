import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeJpeg } from '@medbench/data';
import { tarEnd, tarMember, webDataset } from '@medbench/formats';
import { afterAll, beforeAll, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '../packages/medbench/bin/medbench.js');
const root = mkdtempSync(join(tmpdir(), 'medbench-data-shard-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  const members: Uint8Array[] = [];
  for (let i = 0; i < 5; i++) {
    // Noise, so that each JPEG takes some 20 KiB.
    const data = Uint8Array.from({ length: 100 * 90 * 3 }, (_, k) => (Math.imul(k + i, 2654435761) >>> 24) & 255);
    members.push(tarMember(`${i}.jpg`, await encodeJpeg({ width: 100, height: 90, channels: 3, data })));
    members.push(tarMember(`${i}.txt`, Buffer.from(`caption ${i}`)));
  }
  mkdirSync(join(root, 'webdataset'));
  writeFileSync(join(root, 'webdataset/0.tar'), Buffer.concat([...members, tarEnd()]));
});

/** @param limit largest file that the process may write, in blocks of 512 bytes or KiB, as the shell counts. */
function medbench(limit: string, ...args: readonly string[]) {
  const command = `ulimit -f ${limit}; exec "$0" "$@"`;
  const env = { ...process.env, NO_COLOR: '1', MEDBENCH_CACHE: join(root, 'cache') };
  return spawnSync('sh', ['-c', command, process.execPath, cli, ...args], { encoding: 'utf8', env });
}

it.skipIf(process.platform === 'win32')(
  'data shard says which file cannot be written, and continues afterwards',
  async () => {
    const out = join(root, 'out');
    const args = ['data', 'shard', 'webdataset', '--data', root, '--out', out, '--size', '80', '--per-shard', '2'];
    const full = medbench('16', ...args);
    expect(full.status).toBe(1);
    expect(full.stderr).toContain(`${join(out, '00000.tar')} cannot be written`);
    expect(full.stderr).toContain('free some disk space');
    expect(full.stderr.split('\n').filter((line) => line.startsWith('error'))).toHaveLength(1);
    expect(readdirSync(out).filter((name) => /tar|tmp/.test(name))).toEqual([]);
    const whole = medbench('unlimited', ...args, '--json');
    expect(whole.stderr).toContain('5 of 5 pairs');
    expect(JSON.parse(whole.stdout)).toMatchObject({ corpus: 'webdataset', pairs: 5, shards: 3, restricted: false });
    expect(readFileSync(join(out, 'TERMS.txt'), 'utf8')).toContain('that of your data');
    const pairs = await webDataset(out);
    expect([pairs.length, (await pairs.get(4)).image.height]).toEqual([5, 80]);
  },
);
