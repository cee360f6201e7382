// Images and texts that medbench and its peer embed. A formula makes them, so that no file has to be shared.

/** Pseudo-random numbers in (-2, 2), `[batch, 3, side, side]` in PyTorch's order. */
export function pixel(i) {
  const wave = Math.abs(Math.sin(12.9898 * (i + 1)) * 43758.5453);
  return 4 * (wave % 1) - 2;
}

/** `[batch, side, side, 3]`, float32. */
export function images(batch, side) {
  const data = new Float32Array(batch * side * side * 3);
  const plane = side * side;
  for (let b = 0; b < batch; b++)
    for (let p = 0; p < plane; p++)
      for (let c = 0; c < 3; c++) data[(b * plane + p) * 3 + c] = pixel((b * 3 + c) * plane + p);
  return { shape: [batch, side, side, 3], dtype: 'float32', data };
}

/**
 * Token ids `[batch, length]`, int32: start id, a few ids, end id, then zeros. The last two ids stand for start and end, also
 * for a BERT, to which they are words.
 */
export function ids(batch, length, vocabulary) {
  const data = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const words = 3 + ((b * 7) % (length - 5));
    data[b * length] = vocabulary - 2;
    for (let i = 1; i <= words; i++) data[b * length + i] = (b * 1009 + i * 7919) % (vocabulary - 2);
    data[b * length + words + 1] = vocabulary - 1;
  }
  return { shape: [batch, length], dtype: 'int32', data };
}
