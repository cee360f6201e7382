import { execFileSync } from 'node:child_process';
import { docs } from './files.mjs';

/**
 * Runs commands of the built `medbench` that only print, all in one process.
 * @returns the standard output of each.
 * @throws Error if one of them fails.
 */
export function medbench(commands) {
  const printed = execFileSync(process.execPath, [`${docs}../scripts/series.mjs`], {
    input: JSON.stringify(commands),
    cwd: `${docs}..`,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1' },
  });
  return JSON.parse(printed).map(({ code, stdout, stderr }, i) => {
    if (code !== 0) throw new Error(`medbench ${commands[i].join(' ')} ends with code ${code}: ${stderr}`);
    return stdout;
  });
}

const KINDS = [
  'methods',
  'objectives',
  'encoders',
  'protocols',
  'controls',
  'launchers',
  'trackers',
  'studies',
  'presets',
  'tasks',
  'corpora',
];
let lists;

/** Lists the plugins of a kind, as `medbench list KIND --json` prints them. */
export function list(kind) {
  lists ??= medbench(KINDS.map((one) => ['list', one, '--json'])).map((text) => JSON.parse(text));
  return lists[KINDS.indexOf(kind)];
}
