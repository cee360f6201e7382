/** A number in IEEE 754's 16-bit format. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Converts 16-bit floats, given by their bits, to 32 bits, without rounding. */
export const decodeFloat16 = (bits: Uint16Array): Float32Array => Float32Array.from(bits, fromHalf);

/** Converts bfloat16 numbers, given by their bits, to 32 bits: each is the upper half of a 32-bit float. */
export const decodeBfloat16 = (bits: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
