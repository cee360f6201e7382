"""Makes packages/data/fixtures/augment.json: one small image after each augmentation by torchvision and Pillow.

Run: python scripts/oracles/data_augment.py
Made with Pillow 13.0.0, torchvision 0.29.2, NumPy 2.4.6.
Half of the image is noise, so that all colours, clamping and rounding occur. The other half is a gradient. `crops` are
torchvision's `resized_crop`, bicubic, first rows, then columns (see data_resize.py). `hues` is the SHA-256 of all 4,096
colours with 16 levels per channel, for one hue shift after the other. `boxes` are means and deciles of the boxes that
torchvision's RandomResizedCrop draws.
"""
import base64
import hashlib
import json
import pathlib

import numpy as np
import torch
from PIL import Image, ImageFilter
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms import functional as F

OUT = pathlib.Path(__file__).parents[2] / "packages/data/fixtures/augment.json"
rng = np.random.default_rng(7)
WIDTH, HEIGHT = 22, 15
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
values = np.stack([x * 11, y * 17, (x + y) * 7], -1).astype(np.uint8)
values[:, : WIDTH // 2] = rng.integers(0, 256, (HEIGHT, WIDTH // 2, 3))
values[:4, :4] = np.where(values[:4, :4] > 127, 255, 0)
rgb = Image.fromarray(values)
grey = Image.fromarray(values[..., 0])


def b64(image):
    return base64.b64encode(np.asarray(image).tobytes()).decode()


def resized_crop(image, top, left, height, width, size):
    part = image.crop((left, top, left + width, top + height))
    across = part.resize((size, part.height), Image.Resampling.BICUBIC)
    return across.resize((size, size), Image.Resampling.BICUBIC)


OPERATIONS = {
    "adjustBrightness": (F.adjust_brightness, [0, 0.6, 0.83, 1, 1.137, 1.4, 1.8]),
    "adjustContrast": (F.adjust_contrast, [0, 0.6, 0.83, 1.137, 1.4, 1.8]),
    "adjustSaturation": (F.adjust_saturation, [0, 0.6, 0.83, 1.137, 1.4, 1.8]),
    "adjustHue": (F.adjust_hue, [-0.5, -0.1, -0.037, 0, 0.063, 0.1, 0.5]),
    "greyscale": (lambda image, _: F.rgb_to_grayscale(image, image.mode == "RGB" and 3 or 1), [None]),
    "horizontalFlip": (lambda image, _: F.hflip(image), [None]),
    "gaussianBlur": (lambda image, sigma: image.filter(ImageFilter.GaussianBlur(sigma)),
                     [0.1, 0.35, 0.7, 1, 1.234, 1.61, 2, 3.5, 9]),
}
cases = [{"operation": name, "channels": channels, "parameter": parameter, "data": b64(function(image, parameter))}
         for name, (function, parameters) in OPERATIONS.items() for channels, image in [(1, grey), (3, rgb)]
         for parameter in parameters if channels == 3 or name not in ("adjustSaturation", "adjustHue", "greyscale")]
thin = [{"width": image.width, "height": image.height, "source": b64(image), "sigma": sigma,
         "data": b64(image.filter(ImageFilter.GaussianBlur(sigma)))}
        for image in [rgb.crop((0, 0, 1, 9)), rgb.crop((3, 2, 10, 3)), rgb.crop((5, 5, 7, 7))] for sigma in [0.8, 2, 6]]
# The default options of ColorJitter, drawn once and applied in two orders.
chain = F.adjust_hue(F.adjust_saturation(F.adjust_contrast(F.adjust_brightness(rgb, 0.7), 1.3), 0.65), 0.08)
reverse = F.adjust_brightness(F.adjust_contrast(F.adjust_saturation(F.adjust_hue(rgb, 0.08), 0.65), 1.3), 0.7)

levels = np.arange(16, dtype=np.uint8) * 17
cube = Image.fromarray(np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(64, 64, 3))
shifts = [-0.5, -0.31, -0.1, -0.01, 0, 0.004, 0.05, 0.1, 0.25, 0.5]
hues = hashlib.sha256(b"".join(np.asarray(F.adjust_hue(cube, shift)).tobytes() for shift in shifts)).hexdigest()
boxes = [(0, 0, 15, 22), (3, 5, 4, 5), (2, 1, 11, 14), (7, 10, 1, 1)]


def drawn(width, height, scale, ratio):
    torch.manual_seed(7)
    boxes = np.array([RandomResizedCrop.get_params(torch.zeros(1, height, width), scale, ratio) for _ in range(20_000)])
    deciles = np.quantile(boxes, np.linspace(0.1, 0.9, 9), axis=0)
    return {"width": width, "height": height, "scale": scale, "ratio": ratio,
            **{name: {"mean": float(boxes[:, i].mean()), "deciles": deciles[:, i].tolist()}
               for i, name in enumerate(["top", "left", "boxHeight", "boxWidth"])}}


OUT.write_text(json.dumps({
    "width": WIDTH, "height": HEIGHT, "rgb": b64(rgb), "grey": b64(grey), "cases": cases, "thin": thin,
    "chain": b64(chain), "reverse": b64(reverse), "shifts": shifts, "hues": hues,
    "boxes": [drawn(300, 200, [0.08, 1], [3 / 4, 4 / 3]), drawn(100, 240, [0.5, 1], [3 / 4, 4 / 3]),
              drawn(64, 64, [0.9, 1], [1, 1])],
    "crops": [{"y": t, "x": l, "height": h, "width": w, "size": size, "data": b64(resized_crop(rgb, t, l, h, w, size))}
              for (t, l, h, w), size in zip(boxes, [12, 16, 9, 5])],
}, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(len(cases), OUT.stat().st_size, "bytes")
