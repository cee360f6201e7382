"""HDF5 files whose reads fail: packed by a filter that only h5py has, and with a checksum per chunk, for a test to damage.

Run: python scripts/oracles/data_hdf5_unreadable.py

Made with h5py 3.16. Writes packages/formats/fixtures/hdf5/{lzf,checksum}.h5.
"""

from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).resolve().parents[2] / "packages/formats/fixtures/hdf5"

OUT.mkdir(exist_ok=True)
x = (np.arange(8 * 6 * 5) % 251).astype(np.uint8).reshape(8, 6, 5)
# A chunk that does not shrink is stored unpacked: all values of this one are alike.
for name, data, options in [("lzf", np.full_like(x, 7), {"compression": "lzf"}), ("checksum", x, {"fletcher32": True})]:
    with h5py.File(OUT / f"{name}.h5", "w", track_order=False) as file:
        file.create_dataset("x", data=data, chunks=(4, 6, 5), track_times=False, **options)
    print(name, (OUT / f"{name}.h5").stat().st_size)
