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
  /** Needs that no wheel covers. */
  readonly needs: string;
}

/** Name of an engine on the command line. */
export type EngineId = 'xla-cpu' | 'xla-cuda12' | 'xla-cuda13' | 'xla-cuda13-compiler';

/** Wheels that both the runtime and the compiler of CUDA 13 need. */
const CUDA13_PLUGIN: PinnedWheel = {
  project: 'jax-cuda13-pjrt',
  file: 'jax_cuda13_pjrt-0.12.0.1-py3-none-manylinux_2_27_x86_64.whl',
  sha256: '5899bb6177eda86ea532afb9a26794f2bdd04966f6a01f9028266b16c2b6cf90',
  bytes: 134_922_808,
};
const CUDA13_NVCC: PinnedWheel = {
  project: 'nvidia-cuda-nvcc',
  file: 'nvidia_cuda_nvcc-13.5.37-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
  sha256: 'f5c4f7ead5d964fb4af42bbf1e6d3ec3c1e6e9d83b53749f691d387e7fcaa3a7',
  bytes: 47_028_279,
};
const CUDA13_NVVM: PinnedWheel = {
  project: 'nvidia-nvvm',
  file: 'nvidia_nvvm-13.5.37-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
  sha256: 'c41bfa362e407405163f103c2229f0765f8cc2ed7d148b754dc77f228bf7e070',
  bytes: 75_141_406,
};

/**
 * All engines. Every wheel has its SHA-256 here: no index can exchange one. NVIDIA's libraries are the newest that the
 * plugin's own package admits (`jax-cuda12-plugin`, `jax-cuda13-plugin`); their licence allows no copies by others.
 */
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
  'xla-cuda12': {
    title: "XLA's CUDA 12 plugin",
    version: '0.12.0.1',
    platform: 'linux-x64',
    wheels: [
      {
        project: 'jax-cuda12-pjrt',
        file: 'jax_cuda12_pjrt-0.12.0.1-py3-none-manylinux_2_27_x86_64.whl',
        sha256: '5ec28e06198d094031c37590b4ea753ae8cde4879ab4b60baf40f0dffb673286',
        bytes: 191_846_358,
      },
      {
        project: 'nvidia-cublas-cu12',
        file: 'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
        sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
        bytes: 581_217_458,
      },
      {
        project: 'nvidia-cuda-cupti-cu12',
        file: 'nvidia_cuda_cupti_cu12-12.9.79-py3-none-manylinux_2_25_x86_64.whl',
        sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
        bytes: 10_814_997,
      },
      {
        project: 'nvidia-cuda-nvcc-cu12',
        file: 'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
        bytes: 40_546_229,
      },
      {
        project: 'nvidia-cuda-runtime-cu12',
        file: 'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
        bytes: 3_493_179,
      },
      {
        project: 'nvidia-cudnn-cu12',
        file: 'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
        sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
        bytes: 716_538_495,
      },
      {
        project: 'nvidia-cufft-cu12',
        file: 'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
        bytes: 200_877_592,
      },
      {
        project: 'nvidia-cusolver-cu12',
        file: 'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
        sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
        bytes: 338_117_415,
      },
      {
        project: 'nvidia-cusparse-cu12',
        file: 'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
        bytes: 366_465_088,
      },
      {
        project: 'nvidia-nccl-cu12',
        file: 'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
        sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
        bytes: 351_526_311,
      },
      {
        project: 'nvidia-nvjitlink-cu12',
        file: 'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
        bytes: 39_748_338,
      },
      {
        project: 'nvidia-cuda-nvrtc-cu12',
        file: 'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
        bytes: 89_568_129,
      },
      {
        project: 'nvidia-nvshmem-cu12',
        file: 'nvidia_nvshmem_cu12-3.8.0-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: 'b2e5760d6158aefe7bb74348d5128bb1b46a7dd1fd4b7b1e6fe55b4b07888f70',
        bytes: 280_800_183,
      },
    ],
    plugin: 'jax_plugins/xla_cuda12/xla_cuda_plugin.so',
    needs: 'an NVIDIA GPU with driver R525 or later, and glibc 2.27',
  },
  'xla-cuda13': {
    title: "XLA's CUDA 13 plugin",
    version: '0.12.0.1',
    platform: 'linux-x64',
    wheels: [
      CUDA13_PLUGIN,
      {
        project: 'nvidia-cublas',
        file: 'nvidia_cublas-13.10.0.20-py3-none-manylinux1_x86_64.manylinux_2_5_x86_64.whl',
        sha256: 'dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84',
        bytes: 444_289_903,
      },
      {
        project: 'nvidia-cuda-cupti',
        file: 'nvidia_cuda_cupti-13.5.25-py3-none-manylinux_2_25_x86_64.whl',
        sha256: '9dcca41c12a734192b14e7128ae116bc9ce1b9da686e2ebf48ae7a4415f76650',
        bytes: 12_592_974,
      },
      CUDA13_NVCC,
      {
        project: 'nvidia-cuda-runtime',
        file: 'nvidia_cuda_runtime-13.5.37-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: 'df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d',
        bytes: 2_504_024,
      },
      {
        project: 'nvidia-cudnn-cu13',
        file: 'nvidia_cudnn_cu13-9.28.1.4-py3-none-manylinux_2_27_x86_64.whl',
        sha256: 'a54f205b1db1f2895d99f398754db1369816f0569dd459731f925635cf7b65ec',
        bytes: 516_817_937,
      },
      {
        project: 'nvidia-cufft',
        file: 'nvidia_cufft-12.5.0.14-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: 'b8be26837a5abad2b5b74f3e92dd29f622a42934b355be0961a48712cbba23ad',
        bytes: 165_072_555,
      },
      {
        project: 'nvidia-cusolver',
        file: 'nvidia_cusolver-12.4.1.2-py3-none-manylinux_2_27_x86_64.whl',
        sha256: 'b3b8e02fd2f2df869369af075dc3a179d43f6f7b85e94632a7dce556697be044',
        bytes: 260_003_940,
      },
      {
        project: 'nvidia-cusparse',
        file: 'nvidia_cusparse-12.9.4.2-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: '072667e58c851a318738f5527a12eb225cbf058803f2ea451c722d8cf8edddec',
        bytes: 230_422_857,
      },
      {
        project: 'nvidia-nccl-cu13',
        file: 'nvidia_nccl_cu13-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
        sha256: '1459723080ac889d73a26edfa3e04383a7928ab31ac8f0ec43b3ea9548b04ff3',
        bytes: 305_100_071,
      },
      {
        project: 'nvidia-nvjitlink',
        file: 'nvidia_nvjitlink-13.5.37-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        sha256: '280d7cb9649704145f074b8dbde500de04ce02d0872e066e20a83c17bcaa93eb',
        bytes: 46_642_491,
      },
      {
        project: 'nvidia-cuda-nvrtc',
        file: 'nvidia_cuda_nvrtc-13.5.37-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        sha256: '86b4d68058807988b7d9af5b44917a0601e9c337f35ccd657bfb3c759ff8d8bc',
        bytes: 58_185_930,
      },
      {
        project: 'nvidia-nvshmem-cu13',
        file: 'nvidia_nvshmem_cu13-3.8.0-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        sha256: '81a4d1f666543e6d34df6d2ff940c7da1435e34e186aab6f3c2b48861b64ef38',
        bytes: 182_092_449,
      },
      CUDA13_NVVM,
    ],
    plugin: 'jax_plugins/xla_cuda13/xla_cuda_plugin.so',
    needs: 'an NVIDIA GPU with driver R580 or later, and glibc 2.27',
  },
  'xla-cuda13-compiler': {
    title: "XLA's compiler for CUDA 13",
    version: '0.12.0.1',
    platform: 'linux-x64',
    wheels: [CUDA13_PLUGIN, CUDA13_NVCC, CUDA13_NVVM],
    plugin: 'jax_plugins/xla_cuda13/xla_cuda_plugin.so',
    needs: 'glibc 2.27, and no GPU: it plans for one (medbench plan --device h100)',
  },
};
