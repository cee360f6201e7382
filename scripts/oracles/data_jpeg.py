"""Baseline JPEGs of several samplings, with and without restart markers, and their pixels by Pillow (libjpeg-turbo).

python scripts/oracles/data_jpeg.py
Versions: Python 3.11, numpy 2.4.6, Pillow 13.0.0.
"""
import base64
import io
import json

import numpy as np
from PIL import Image

rng = np.random.default_rng(5)
files = []
for name, mode, size, options in [
    ("4:4:4", "RGB", (83, 61), dict(subsampling=0, quality=95)),
    ("4:2:2", "RGB", (83, 61), dict(subsampling=1, quality=85)),
    ("4:2:0", "RGB", (83, 61), dict(subsampling=2, quality=75)),
    ("4:2:0, even sides", "RGB", (64, 96), dict(subsampling=2, quality=30)),
    ("4:2:0, own codes", "RGB", (50, 47), dict(subsampling=2, quality=98, optimize=True)),
    ("grey", "L", (83, 61), dict(quality=90)),
    ("4:4:4, restart markers", "RGB", (83, 61), dict(subsampling=0, quality=95, restart_marker_blocks=2)),
    ("4:2:0, restart markers", "RGB", (83, 61), dict(subsampling=2, quality=75, restart_marker_rows=1)),
    ("grey, restart markers", "L", (83, 61), dict(quality=90, restart_marker_blocks=3)),
    ("4:2:0, hard edges", "RGB", (40, 40), dict(subsampling=2, quality=100)),
]:
    small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)).astype(int)
    if "edges" in name:
        # Black and white noise exceeds the limits of 8 bits after the transform.
        pixels = 255 * rng.integers(0, 2, (size[1], size[0], 3))
    else:
        pixels = np.clip(smooth + rng.integers(-12, 13, smooth.shape), 0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).convert(mode).save(file, "JPEG", **options)
    decoded = Image.open(io.BytesIO(file.getvalue()))
    files.append(
        {
            "name": name,
            "width": size[0],
            "height": size[1],
            "channels": len(decoded.getbands()),
            "file": base64.b64encode(file.getvalue()).decode(),
            "pixels": base64.b64encode(decoded.tobytes()).decode(),
        }
    )
with open("packages/data/fixtures/jpeg.json", "w") as out:
    json.dump({"versions": {"pillow": Image.__version__, "numpy": np.__version__}, "files": files}, out, indent=1)
    out.write("\n")
