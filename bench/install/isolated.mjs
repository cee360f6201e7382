import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Environment in which a package manager reaches the registry alone, with caches of its own below the folder. */
export function isolatedEnvironment(folder, address, name) {
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, `registry=${address}\n${address.slice(5)}:_authToken=anonymous\n`);
  // A proxy that refuses every connection stands in the way of all other hosts.
  const nowhere = 'http://127.0.0.1:9';
  const own = (kind) => join(folder, `${kind}-${name}`);
  return {
    ...Object.fromEntries(
      Object.entries(process.env).filter(
        ([key]) => !/^(npm_|NODE_PATH|ONNXRUNTIME|MEDBENCH|YARN_|BUN_|PNPM_)/i.test(key),
      ),
    ),
    ...{ NPM_CONFIG_USERCONFIG: npmrc, npm_config_cache: own('cache'), npm_config_registry: address },
    ...{ XDG_DATA_HOME: own('share'), BUN_INSTALL_CACHE_DIR: own('bun'), MEDBENCH_CACHE: own('data') },
    ...{ HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, http_proxy: nowhere, https_proxy: nowhere },
    ...{ NO_PROXY: '127.0.0.1,localhost', no_proxy: '127.0.0.1,localhost' },
    ...{ YARN_NPM_REGISTRY_SERVER: address.replace(/\/$/, ''), YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1' },
    ...{ YARN_GLOBAL_FOLDER: own('yarn'), YARN_ENABLE_TELEMETRY: '0', NO_COLOR: '1' },
  };
}

/** A command in a folder. @throws Error with what the command printed if it fails. */
export async function run(command, args, { cwd, env }) {
  try {
    return await execute(command, args, { cwd, env, maxBuffer: 1 << 28 });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed in ${cwd}\n${error.stdout ?? ''}\n${error.stderr ?? error}`);
  }
}

/** Makes a folder with a package.json, and other files by name. */
export function makeProject(cwd, files = {}) {
  mkdirSync(cwd, { recursive: true });
  const manifest = { name: 'project', private: true, type: 'module' };
  for (const [name, text] of Object.entries({ 'package.json': `${JSON.stringify(manifest)}\n`, ...files }))
    writeFileSync(join(cwd, name), text);
}

/** Size of a folder in bytes, and the number of packages in it. Links are not followed. */
export function measureFolder(path) {
  let bytes = 0;
  let packages = 0;
  const walk = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const file = join(dir, entry.name);
      if (entry.isDirectory()) walk(file);
      else if (entry.isFile()) {
        bytes += statSync(file).size;
        if (/node_modules\/(@[^/]+\/)?[^@/][^/]*\/package\.json$/.test(file)) packages++;
      }
    }
  };
  walk(path);
  return { bytes, packages };
}
