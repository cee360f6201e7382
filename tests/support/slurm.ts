import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, totalmem, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Ended, repository } from './cli.js';

const execute = promisify(execFile);

/** Where the programs of SLURM are. */
export interface SlurmPrograms {
  /** Folders for `PATH`. */
  readonly folders: readonly string[];
  /** Folders of the loader; empty for installed programs. */
  readonly libraries: readonly string[];
  /** Folder of the plugins; undefined for that of the installation. */
  readonly plugins?: string;
}

/** Debian's packages of a whole SLURM, 3.5 MB. */
const PACKAGES = [
  ...['slurmd', 'slurmctld', 'slurm-client', 'slurm-wlm-basic-plugins', 'munge'],
  ...['libmunge2', 'libhwloc15', 'libhttp-parser2.9', 'liblua5.1-0'],
];
/** Folder of the unpacked packages. */
const CACHE = join(repository, 'node_modules/.cache/slurm');
/** Debian gives its daemons this ending; elsewhere they have none. */
const ENDINGS = ['-wlm', ''] as const;
/** Folders that a user's PATH may lack. */
const SYSTEM = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];

function findProgram(folders: readonly string[], name: string): string | undefined {
  const names = ENDINGS.map((ending) => `${name}${ending}`);
  return folders.flatMap((folder) => names.map((one) => join(folder, one))).find((path) => existsSync(path));
}

const isWhole = (folders: readonly string[]): boolean =>
  ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue'].every((name) => findProgram(folders, name) !== undefined);

function unpacked(): SlurmPrograms | undefined {
  const folders = [join(CACHE, 'usr/bin'), join(CACHE, 'usr/sbin')];
  if (!isWhole(folders)) return undefined;
  const lib = join(CACHE, 'usr/lib');
  const machine = readdirSync(lib).find((name) => existsSync(join(lib, name, 'slurm-wlm')));
  if (machine === undefined) return undefined;
  const plugins = join(lib, machine, 'slurm-wlm');
  return { folders, libraries: [join(lib, machine), plugins], plugins };
}

/**
 * Finds SLURM: an installed one, or Debian's packages, which are downloaded and unpacked once, without installing them.
 * @returns why there is none, if there is none.
 */
export async function findSlurm(): Promise<SlurmPrograms | string> {
  if (process.platform !== 'linux') return 'SLURM runs on Linux only';
  const installed = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM];
  if (isWhole(installed)) return { folders: SYSTEM, libraries: [] };
  const known = unpacked();
  if (known) return known;
  if (!findProgram(installed, 'apt-get')) return 'SLURM is not installed (apt-get install slurm-wlm)';
  mkdirSync(join(CACHE, '..'), { recursive: true });
  const folder = mkdtempSync(`${CACHE}-`);
  try {
    // As root, apt would download as another user, who cannot write here.
    const options = ['-o', 'APT::Sandbox::User=root', 'download', ...PACKAGES];
    await execute('apt-get', options, { cwd: folder, timeout: 60_000 });
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.deb')) await execute('dpkg', ['-x', join(folder, name), folder]);
    }
    rmSync(CACHE, { recursive: true, force: true });
    renameSync(folder, CACHE);
  } catch (error) {
    const [why = ''] = String((error as { stderr?: string }).stderr || error).split('\n');
    return `SLURM is not installed (apt-get install slurm-wlm), and its packages cannot be downloaded: ${why}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return unpacked() ?? 'SLURM is not installed (apt-get install slurm-wlm), and its packages lack programs';
}

/** Names of the two nodes. Each has one core, so that it runs one job at a time. */
const NODES = ['n1', 'n2'] as const;
type Node = (typeof NODES)[number];

/** A SLURM of two nodes on this machine. */
export interface Slurm {
  /** Variables with which the commands of SLURM, and medbench, find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command of SLURM. */
  command(name: string, ...args: readonly string[]): Promise<Ended>;
  /** Ends a node as a power cut does: its daemon and all processes of its jobs, at once. */
  kill(node: Node): void;
  /**
   * Sends USR1 to the script of a task of an array, `12_3`, as SLURM does before the time limit. `scancel` of SLURM 22.05
   * sends it again to the next start, if other tasks wait.
   */
  warn(job: string): void;
  /** Starts the daemon of a node, also one that was killed: with an empty spool, as a node that boots an image. */
  start(node: Node): void;
  /** Ends all jobs and daemons. */
  stop(): Promise<void>;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = servers.map(async (server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  });
  const found = await Promise.all(ports);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

const alive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

/** Lists the processes that have all of these variables. */
function processesWith(variables: readonly string[]): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      return variables.every((variable) => environment.includes(variable)) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/**
 * The settings of a cluster that is told of a dead node, and starts its jobs again, within seconds instead of minutes.
 * Without a table of accounts there is no `sacct`.
 */
function settings(folder: string, programs: SlurmPrograms, ports: readonly number[], user: string): string {
  const [controller, ...nodes] = ports;
  const memory = Math.floor(totalmem() / 2 ** 21);
  return `ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=${controller}
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket,cred_expire=5
CredType=cred/munge
${programs.plugins === undefined ? '' : `PluginDir=${programs.plugins}\n`}StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool-%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SlurmdTimeout=3
MessageTimeout=2
KillWait=10
MinJobAge=300
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2,requeue_delay=1
NodeName=DEFAULT CPUs=1 RealMemory=${memory} State=UNKNOWN
${NODES.map((name, i) => `NodeName=${name} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${nodes[i]}`).join('\n')}
PartitionName=main Nodes=${NODES.join(',')} Default=YES MaxTime=INFINITE State=UP
`;
}

/**
 * Starts a SLURM: munge, the controller and the daemons of two nodes, on ports of the loopback that are free.
 * @throws Error with the logs if no node becomes idle within 30 seconds.
 */
export async function startSlurm(programs: SlurmPrograms): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), 'slurm-'));
  mkdirSync(join(folder, 'state'));
  const key = join(folder, 'munge.key');
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  const conf = join(folder, 'slurm.conf');
  const ports = await freePorts(1 + NODES.length);
  writeFileSync(conf, settings(folder, programs, ports, userInfo().username));

  const env: Record<string, string> = {
    SLURM_CONF: conf,
    PATH: [...programs.folders, process.env.PATH ?? ''].join(delimiter),
    ...(programs.libraries.length > 0 ? { LD_LIBRARY_PATH: programs.libraries.join(':') } : {}),
  };
  const daemons: ChildProcess[] = [];
  const daemon = (name: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): ChildProcess => {
    const child = spawn(findProgram(programs.folders, name)!, args, {
      cwd: folder,
      env: { ...process.env, ...env, ...more },
      stdio: 'ignore',
    });
    daemons.push(child);
    return child;
  };
  const nodes = new Map<Node, ChildProcess>();
  const slurm: Slurm = {
    env,
    async command(name, ...args) {
      const child = spawn(findProgram(programs.folders, name)!, args, { env: { ...process.env, ...env } });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
    },
    kill(node) {
      nodes.get(node)!.kill('SIGKILL');
      for (const pid of processesWith([`SLURM_CONF=${conf}`, `SLURMD_NODENAME=${node}`])) killProcess(pid);
    },
    warn(job) {
      const [array, task] = job.split('_');
      const variables = [`SLURM_CONF=${conf}`, `SLURM_ARRAY_JOB_ID=${array}`, `SLURM_ARRAY_TASK_ID=${task}`];
      for (const pid of processesWith(variables)) {
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('slurm_script')) process.kill(pid, 'SIGUSR1');
      }
    },
    start(node) {
      const spool = join(folder, `spool-${node}`);
      rmSync(spool, { recursive: true, force: true });
      mkdirSync(spool);
      const stepd = findProgram(programs.folders, 'slurmstepd')!;
      // The variable marks the daemon of each job too, which inherits it.
      const child = daemon('slurmd', ['-D', '-f', conf, '-N', node, '-d', stepd], { SLURMD_NODENAME: node });
      nodes.set(node, child);
    },
    async stop() {
      for (const child of daemons) if (alive(child)) child.kill('SIGTERM');
      for (let i = 0; i < 50 && daemons.some(alive); i++) await delay(100);
      for (const child of daemons) if (alive(child)) child.kill('SIGKILL');
      // Whatever jobs have left.
      for (const pid of processesWith([`SLURM_CONF=${conf}`])) if (pid !== process.pid) killProcess(pid);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };

  const socket = ['--socket', join(folder, 'munge.socket'), '--key-file', key];
  const files = ['--pid-file', join(folder, 'munged.pid'), '--log-file', join(folder, 'munged.log')];
  const seed = ['--seed-file', join(folder, 'munged.seed')];
  daemon('munged', ['--foreground', '--force', ...socket, ...files, ...seed]);
  for (let i = 0; i < 100 && !existsSync(join(folder, 'munge.socket')); i++) await delay(50);
  daemon('slurmctld', ['-D', '-f', conf]);
  for (const node of NODES) slurm.start(node);
  for (let i = 0; i < 60; i++) {
    await delay(500);
    const { stdout } = await slurm.command('sinfo', '--noheader', '--Node', '--format=%N %t');
    if (NODES.every((node) => stdout.includes(`${node} idle`))) return slurm;
  }
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  const ends = logs.map((name) => `${name}:\n${readFileSync(join(folder, name), 'utf8').slice(-1500)}`);
  await slurm.stop();
  throw new Error(`SLURM did not start.\n${ends.join('\n')}`);
}
