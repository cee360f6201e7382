"""Makes packages/data/fixtures/resize.json: images resized by Pillow, bicubic, then bilinear, as base64 bytes.

Run: python scripts/oracles/data_resize.py   (made with Pillow 13.0.0, NumPy 2.4.6)
Each image is resized in two calls, rows then columns. One call of Pillow 12 or earlier gives the same. Pillow 13 begins with the
columns if the height shrinks far more than the width, and then differs by more than rounding.
Sources are small and noisy, so that clamping, edges and rounding all occur. `views` are CLIP's evaluation views by the rule
of torchvision: shorter side to `size`, longer to int(size * long / short), centre crop at int(round((side - size) / 2)).
"""
import base64
import json
import pathlib

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).parents[2] / "packages/data/fixtures/resize.json"
rng = np.random.default_rng(7)


def b64(image):
    return base64.b64encode(np.asarray(image).tobytes()).decode()


def resize(image, width, height, kernel=Image.Resampling.BICUBIC):
    across = image.resize((width, image.height), kernel)
    return across.resize((width, height), kernel)


def image(width, height, channels):
    values = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    values[: height // 2] = np.where(values[: height // 2] > 127, 255, 0)
    return Image.fromarray(values[..., 0] if channels == 1 else values)


cases = []
for width, height, channels, targets in [
    (17, 13, 1, [(8, 8), (33, 29), (17, 5), (5, 13), (17, 13), (1, 1), (64, 3)]),
    (23, 31, 3, [(11, 7), (24, 32), (40, 9), (1, 50)]),
    (64, 48, 1, [(28, 28), (63, 47)]),
    (28, 28, 1, [(32, 32)]),
    (1, 1, 3, [(5, 4)]),
    (2, 3, 3, [(7, 7)]),
]:
    source = image(width, height, channels)
    cases.append({"width": width, "height": height, "channels": channels, "data": b64(source),
                  "resized": [{"width": w, "height": h, "data": b64(resize(source, w, h))}
                              for w, h in targets]})

views = []
for width, height, channels, size in [(50, 37, 3, 16), (31, 60, 1, 16), (20, 20, 1, 28), (45, 32, 1, 17)]:
    source = image(width, height, channels)
    short, long = min(width, height), max(width, height)
    new = int(size * long / short)
    resized = resize(source, *((size, new) if width <= height else (new, size)))
    left, top = int(round((resized.width - size) / 2)), int(round((resized.height - size) / 2))
    views.append({"width": width, "height": height, "channels": channels, "size": size, "data": b64(source),
                  "view": b64(resized.crop((left, top, left + size, top + size)))})

bilinear = []
for width, height, channels, targets in [
    (17, 13, 1, [(8, 8), (33, 29), (5, 13)]),
    (23, 31, 3, [(11, 7), (24, 32)]),
]:
    source = image(width, height, channels)
    bilinear.append({"width": width, "height": height, "channels": channels, "data": b64(source),
                     "resized": [{"width": w, "height": h, "data": b64(resize(source, w, h, Image.Resampling.BILINEAR))}
                                 for w, h in targets]})

OUT.write_text(json.dumps({"cases": cases, "views": views, "bilinear": bilinear}, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(OUT.stat().st_size, "bytes")
