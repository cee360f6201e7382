/** A named array of unsigned bytes. */
export interface ByteArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Writes an HDF5 file of byte arrays, laid out without gaps as `h5py` does. The same arrays give the same bytes: the
 * library stamps objects with the time, so `Date.now` returns a fixed time while the file is written. That is done
 * synchronously, so no other code sees the fixed time.
 */
export async function writeHdf5(path: string, arrays: readonly ByteArray[]): Promise<void> {
  const { File, ready } = await import('h5wasm/node');
  await ready;
  const { now } = Date;
  Date.now = () => Date.UTC(1980, 0, 1, 12);
  try {
    const file = new File(path, 'w', { libver: ['earliest', 'v108'] });
    for (const { name, shape, data } of arrays) {
      file.create_dataset({ name, data, shape: [...shape], dtype: '<B' });
    }
    file.close();
  } finally {
    Date.now = now;
  }
}
