// Publishes a staged package to a registry on loopback with one request, in place of the seconds that `npm publish`
// takes for each of medbench's packages.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes the tarball of a folder, as npm does: everything is below `package/`. */
async function makeTarball(folder) {
  const parent = mkdtempSync(join(tmpdir(), 'medbench-pack-'));
  try {
    symlinkSync(folder, join(parent, 'package'));
    const args = ['-chzf', '-', '-C', parent, 'package'];
    return (await run('tar', args, { encoding: 'buffer', maxBuffer: 1 << 30 })).stdout;
  } finally {
    rmSync(parent, { recursive: true });
  }
}

/**
 * Publishes a folder.
 * @param {string} address of the registry, with a slash at the end.
 * @param {string} folder with a package.json; all files in it are published.
 */
export async function putPackage(address, folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version } = manifest;
  const tarball = await makeTarball(folder);
  const file = `${name}-${version}.tgz`;
  const dist = {
    tarball: `${address}${name}/-/${file}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
  };
  const answer = await fetch(`${address}${name.replace('/', '%2f')}`, {
    method: 'PUT',
    // The registry closes a connection that is idle for some seconds, which packing may take.
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({
      ...{ _id: name, name, 'dist-tags': { latest: version } },
      versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
      _attachments: { [file]: { content_type: 'application/octet-stream', data: tarball.toString('base64') } },
    }),
  });
  if (!answer.ok) throw new Error(`${name} was not published: ${answer.status} ${await answer.text()}`);
}
