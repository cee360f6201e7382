// Starting weights and batches, the same for every engine: written to a file that all of them read.
import { random } from '@medbench/core';
import { BATCH, BATCHES, parametersOf } from './cases.mjs';

const STARTS = { one: 1, zero: 0, scale: Math.log(1 / 0.07) };

/** All parameters in order, then for each batch its images and its ids, as little-endian 32-bit values. */
export function startBytes(sizes) {
  const parts = parametersOf(sizes).map(([name, shape, start]) => {
    const stream = random(0, name);
    const size = shape.reduce((product, side) => product * side, 1);
    const draw = typeof start === 'number' ? () => stream.normal() * start : () => STARTS[start];
    return Float32Array.from({ length: size }, draw);
  });
  for (let i = 0; i < BATCHES; i++) {
    const stream = random(0, 'batch', i);
    parts.push(Float32Array.from({ length: BATCH * sizes.image ** 2 * 3 }, () => stream.normal()));
    parts.push(Int32Array.from({ length: BATCH * sizes.tokens }, () => stream.integer(sizes.vocabulary)));
  }
  return Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer)));
}

/** Parameters and batches from those bytes. */
export function parseStart(bytes, sizes) {
  let at = 0;
  const take = (Type, shape, dtype) => {
    const size = shape.reduce((product, side) => product * side, 1);
    const data = new Type(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * size));
    at += 4 * size;
    return { shape, dtype, data };
  };
  const parameters = Object.fromEntries(
    parametersOf(sizes).map(([name, shape]) => [name, take(Float32Array, shape, 'float32')]),
  );
  const batches = Array.from({ length: BATCHES }, () => ({
    images: take(Float32Array, [BATCH, sizes.image, sizes.image, 3], 'float32'),
    ids: take(Int32Array, [BATCH, sizes.tokens], 'int32'),
  }));
  return { parameters, batches };
}
