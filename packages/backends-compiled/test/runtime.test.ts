import { describe, expect, it } from 'vitest';
import { findRuntime, loadRuntime, remedy } from '../src/runtime.js';

const platformPackage = `@medbench/onnxruntime-${process.platform}-${process.arch}`;

/** Resolves only the given packages, to a file named after each. */
const installed =
  (...ids: readonly string[]) =>
  (id: string): string => {
    if (!ids.includes(id)) throw new Error(`Cannot find module '${id}'`);
    return `/modules/${id}/index.js`;
  };

describe('findRuntime', () => {
  it('prefers a copy of onnxruntime-node, which alone can have CUDA', () => {
    expect(findRuntime(installed('onnxruntime-node', platformPackage))).toBe('/modules/onnxruntime-node/index.js');
  });

  it('finds the package for this platform', () => {
    expect(findRuntime(installed(platformPackage))).toBe(`/modules/${platformPackage}/index.js`);
  });

  it('returns undefined if neither is installed', () => expect(findRuntime(installed())).toBeUndefined());
});

describe('loadRuntime', () => {
  it('names what to install and the backend that works without it', async () => {
    await expect(loadRuntime('')).rejects.toMatchObject({ code: 'backend', hint: remedy() });
    expect(remedy()).toContain('--backend wasm');
  });

  it('names only the other backend where no library fits', () => {
    expect(remedy('linux-x64', false)).toBe('npm install @medbench/onnxruntime-linux-x64, or use --backend wasm');
    expect(remedy('linux-x64', true)).toMatch(/^ONNX Runtime has no library for linux-x64 without glibc; use/);
    expect(remedy('freebsd-x64', false)).toMatch(/^ONNX Runtime has no library for freebsd-x64; use/);
  });
});
