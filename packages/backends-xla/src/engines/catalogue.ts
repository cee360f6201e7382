/** A Python wheel at a pinned version. */
export interface PinnedWheel {
  /** Name of the project on a Python index. */
  readonly project: string;
  readonly file: string;
  readonly sha256: string;
  /** Size of the file in bytes. */
  readonly bytes: number;
}

/** A runtime that is downloaded when a user asks for it. */
export interface Engine {
  readonly title: string;
  /** Version of the wheel with the plugin. */
  readonly version: string;
  /** Systems that it runs on, as `process.platform` and `process.arch`. */
  readonly platform: string;
  /** The wheels, unpacked side by side as in a Python environment: libraries find each other by their relative places. */
  readonly wheels: readonly PinnedWheel[];
  /** The plugin in the unpacked wheels. */
  readonly plugin: string;
  /** What it needs that no wheel has. */
  readonly needs: string;
}

/** Name of an engine on the command line. */
export type EngineId = 'xla-cpu';

/** All engines. Every wheel has its SHA-256 here: no index can exchange one. */
export const ENGINES: Readonly<Record<EngineId, Engine>> = {
  'xla-cpu': {
    title: "XLA's CPU plugin",
    version: '0.11.2',
    platform: 'linux-x64',
    wheels: [
      {
        project: 'lammps-jax-pjrt-cpu',
        file: 'lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl',
        sha256: '1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1',
        bytes: 62_711_338,
      },
    ],
    plugin: 'lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so',
    needs: 'glibc 2.27 and libstdc++',
  },
};
