import { expect } from 'vitest';

/**
 * Finds arrays of equal bytes equal at once. The assertion library compares two arrays name by name, which takes a
 * second for a million numbers. Where the bytes differ it does so as before: it decides about NaN and the signs of
 * zeros, and shows the difference.
 */
expect.addEqualityTesters([
  (a: unknown, b: unknown) => {
    if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return undefined;
    const same = a.constructor === b.constructor && a.byteLength === b.byteLength && bytes(a).equals(bytes(b));
    return same ? true : undefined;
  },
]);

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
