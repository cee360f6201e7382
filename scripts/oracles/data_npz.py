"""Makes packages/formats/fixtures/{stored,packed}.npz with every supported element type, and npz.json with their values.

Run: python scripts/oracles/data_npz.py   (made with NumPy 2.4.6, Python 3.11)
`awkward.npz` holds arrays that the reader refuses by name (column-major, big-endian, text and complex), and NPY versions 2 and 3.
"""
import io
import json
import pathlib
import zipfile

import numpy as np
from numpy.lib import format as npy

OUT = pathlib.Path(__file__).parents[2] / "packages/formats/fixtures"
rng = np.random.default_rng(7)
arrays = {}
for code in ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]:
    info = np.iinfo(code)
    values = rng.integers(info.min, info.max, size=(2, 3, 4), dtype=code, endpoint=True)
    values[0, 0, 0], values[-1, -1, -1] = info.min, info.max
    arrays[code] = values
for code in ["f4", "f8"]:
    arrays[code] = rng.standard_normal((3, 5)).astype(code)
arrays["b1"] = rng.random(7) > 0.5
arrays["scalar"] = np.array(3.25)
arrays["empty"] = np.zeros((0, 28, 28), np.uint8)
np.savez(OUT / "stored.npz", **arrays)
np.savez_compressed(OUT / "packed.npz", **arrays)


def listed(a):
    return [str(v) for v in a.ravel()] if a.dtype.itemsize == 8 and a.dtype.kind in "iu" else a.ravel().astype(float).tolist()


(OUT / "npz.json").write_text(json.dumps({
    name: {"shape": list(a.shape), "dtype": a.dtype.str[1:], "values": listed(a)} for name, a in arrays.items()
}, indent=None, separators=(",", ":")).replace("},", "},\n") + "\n")

matrix = np.arange(6, dtype=np.int32).reshape(2, 3)
with zipfile.ZipFile(OUT / "awkward.npz", "w", zipfile.ZIP_DEFLATED) as archive:
    for name, a, version in [
        ("columns", np.asfortranarray(matrix), (1, 0)), ("big", matrix.astype(">i4"), (1, 0)),
        ("text", np.array(["a", "bc"]), (1, 0)), ("complex", matrix.astype(complex), (1, 0)),
        ("v2", matrix, (2, 0)), ("v3", matrix, (3, 0)),
    ]:
        stream = io.BytesIO()
        npy.write_array(stream, a, version=version)
        archive.writestr(f"{name}.npy", stream.getvalue())
print({f: (OUT / f).stat().st_size for f in ["stored.npz", "packed.npz", "awkward.npz", "npz.json"]})
