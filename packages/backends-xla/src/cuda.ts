import type { CompileOptions } from './pjrt/index.js';

/** Share of a GPU's memory that programs may take. CUDA itself and other processes need some. */
export const MEMORY_SHARE = 0.9;

/**
 * Options of a compilation for an NVIDIA GPU. Additions to the same element would otherwise happen in any order, and a
 * resumed training would differ from one without interruption. In that mode the compiler chooses nothing by timing, and
 * plugin 0.12.0.1 finds no form at all for matrix products in Triton ("No supported config found"), so they are cuBLAS's.
 */
export const CUDA_OPTIONS: CompileOptions = {
  flags: { xla_gpu_exclude_nondeterministic_ops: true, xla_gpu_enable_triton_gemm: false },
};
