"""Evaluation views by open_clip and timm, for packages/data/fixtures/preprocessing.json.

Run: python scripts/oracles/data_preprocessing.py
Made with Python 3.11, open_clip 3.3, timm 1.0, torchvision 0.29, Pillow 13. Images of noise and gradients come from a
formula; the views are stored as bytes, and the first normalised values of each. None is tall: there Pillow 13 begins with
the columns, and then differs by more than rounding (see `data_resize.py`).
"""

import base64
import json
from pathlib import Path

import numpy
from open_clip.transform import image_transform
from PIL import Image
from timm.data import create_transform

SIZE = 24
CLIP = {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def image(width, height):
    """Bytes that a formula makes: (37 x + 11 y + 5 x y + 90 c) mod 256, in waves."""
    y, x, c = numpy.meshgrid(numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij")
    return ((37 * x + 11 * y + 5 * x * y + 90 * c) % 256).astype(numpy.uint8)


def open_clip(numbers, interpolation, mode):
    return image_transform(SIZE, is_train=False, resize_mode=mode, interpolation=interpolation, **numbers)


def timm(numbers, interpolation, mode, crop):
    return create_transform(SIZE, interpolation=interpolation, crop_mode=mode, crop_pct=crop, **numbers)


CASES = {
    "open_clip, CLIP's": (CLIP, "bicubic", "shortest", 1, open_clip(CLIP, "bicubic", "shortest")),
    "open_clip, squashed": (HALF, "bilinear", "squash", 1, open_clip(HALF, "bilinear", "squash")),
    "timm, a crop of 0.9": (IMAGENET, "bicubic", "shortest", 0.9, timm(IMAGENET, "bicubic", "center", 0.9)),
    "timm, a crop of 0.875, bilinear": (IMAGENET, "bilinear", "shortest", 0.875, timm(IMAGENET, "bilinear", "center", 0.875)),
    "timm, squashed, a crop of 0.95": (HALF, "bicubic", "squash", 0.95, timm(HALF, "bicubic", "squash", 0.95)),
}

result = {"size": SIZE, "images": [[61, 47], [70, 31], [25, 24]], "cases": []}
for name, (numbers, interpolation, resize, crop, transform) in CASES.items():
    views = []
    for width, height in result["images"]:
        normalised = transform(Image.fromarray(image(width, height))).numpy().transpose(1, 2, 0).astype(numpy.float64)
        values = (normalised * numbers["std"] + numbers["mean"]) * 255
        assert numpy.abs(values - values.round()).max() < 1e-3 and values.shape == (SIZE, SIZE, 3)
        views.append(
            {
                "bytes": base64.b64encode(values.round().astype(numpy.uint8).tobytes()).decode(),
                "first": [float(f"{v:.9g}") for v in normalised.flatten()[:9]],
            }
        )
    preprocessing = {**numbers, "interpolation": interpolation, "resize": resize, "crop": crop}
    result["cases"].append({"name": name, "preprocessing": preprocessing, "views": views})

Path("packages/data/fixtures/preprocessing.json").write_text(json.dumps(result) + "\n")
