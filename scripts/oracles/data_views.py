"""Makes packages/data/fixtures/views.json.gz: image files, each with CLIP's evaluation view by open_clip's own transform.

Run: python scripts/oracles/data_views.py [VQA-RAD folder]
Made with open_clip_torch 3.3.0, torchvision 0.29.2, Pillow 13.0.0 (libjpeg-turbo 3.2.0), NumPy 2.4.6.
The view is image_transform(SIZE, is_train=False) of the upright image (ImageOps.exif_transpose) in RGB, converted back to
8 bits. 16-bit grey, as Pillow reads it (mode I;16), is first scaled to 8 bits by round(255 * (v - low) / (high - low)),
because Pillow's convert('RGB') clips it at 255. `direct` is the difference, in levels, to the view that open_clip makes of the
opened file: open_clip resizes palettes by the nearest pixel and alpha weighted, ignores the orientation and clips 16 bits.
`vqaRad` is the SHA-256 of the decoded pixels of all images of VQA-RAD, in the order of their names, kept from the existing
file if no folder is given.
"""
import base64
import gzip
import hashlib
import io
import json
import pathlib
import sys

import numpy as np
import torch
from open_clip.transform import image_transform
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parents[2] / "packages/data/fixtures/views.json.gz"
SIZE = 24
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
transform = image_transform(SIZE, is_train=False, mean=MEAN, std=STD)
rng = np.random.default_rng(7)


def scene(width, height):
    """Soft shapes, hard edges, saturated colours and noise."""
    y, x = np.mgrid[0:height, 0:width] * (90 / max(width, height))
    a = np.stack([128 + 90 * np.sin(x / 17) + 30 * np.cos(y / 9), 110 + 80 * np.cos((x + y) / 23),
                  90 + 70 * np.sin(y / 13) * np.cos(x / 31)], -1)
    a[height // 5: height // 2, width // 4: width // 2] = [200, 40, 30]
    a[2 * height // 3: 9 * height // 10, 2 * width // 3:] = [20, 60, 220]
    return Image.fromarray(np.clip(a + rng.normal(0, 6, a.shape), 0, 255).astype(np.uint8))


def radiograph(width, height, bits):
    y, x = np.mgrid[0:height, 0:width]
    lungs = sum(np.exp(-(((x - c * width) / (0.17 * width)) ** 2 + ((y - 0.5 * height) / (0.3 * height)) ** 2)) for c in (0.3, 0.7))
    a = 0.75 - 0.5 * lungs + 0.05 * np.sin(y / 3) + rng.normal(0, 0.01, x.shape)
    return (np.clip(a, 0, 1) * (2**bits - 1)).astype(np.uint16)


def view(image):
    return transform(image) * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]


def stored(image, fmt, **options):
    stream = io.BytesIO()
    image.save(stream, fmt, **options)
    return stream.getvalue()


photo, x8 = scene(61, 47), Image.fromarray((radiograph(48, 57, 8)).astype(np.uint8))
x16, x12 = Image.fromarray(radiograph(48, 57, 16)), Image.fromarray(radiograph(48, 57, 12))
rgba = photo.copy()
rgba.putalpha(Image.fromarray((np.mgrid[0:47, 0:61][1] * 4).astype(np.uint8)))
palette = photo.quantize(24)
exif = [Image.Exif() for _ in range(9)]
for turn, tags in enumerate(exif):
    tags[0x0112] = turn
FILES = {
    "photo.jpg": stored(photo, "JPEG", quality=85), "photo-422.jpg": stored(photo, "JPEG", quality=85, subsampling=1),
    "photo-444.jpg": stored(photo, "JPEG", quality=92, subsampling=0),
    "photo-poor.jpg": stored(photo, "JPEG", quality=30), "progressive.jpg": stored(photo, "JPEG", quality=80, progressive=True),
    "restart.jpg": stored(photo, "JPEG", quality=80, restart_marker_blocks=2),
    "grey.jpg": stored(photo.convert("L"), "JPEG", quality=85),
    "cmyk.jpg": stored(photo.convert("CMYK"), "JPEG", quality=92),
    "inks.jpg": stored(Image.merge("CMYK", [*photo.split(), photo.convert("L").point(lambda v: v // 2)]), "JPEG", quality=92),
    "cmyk.tif": stored(Image.merge("CMYK", [*photo.split(), photo.convert("L").point(lambda v: v // 2)]), "TIFF"),
    **{f"turned-{turn}.jpg": stored(photo, "JPEG", quality=85, exif=exif[turn]) for turn in range(2, 9)},
    "turned.png": stored(photo, "PNG", exif=exif[6]),
    "xray.png": stored(x8, "PNG"), "xray.tif": stored(x8, "TIFF", compression="tiff_lzw"),
    "xray-16.png": stored(x16, "PNG"), "xray-16.tif": stored(x16, "TIFF"), "xray-12-in-16.png": stored(x12, "PNG"),
    "rgba.png": stored(rgba, "PNG"), "rgba.webp": stored(rgba, "WEBP", lossless=True, exact=True),
    "grey-alpha.png": stored(rgba.convert("LA"), "PNG"),
    "palette.png": stored(palette, "PNG"), "palette-transparent.png": stored(palette, "PNG", transparency=2),
    "palette.gif": stored(palette, "GIF"), "bilevel.png": stored(photo.convert("1"), "PNG"),
    "column.png": stored(scene(1, 200), "PNG"), "row.png": stored(scene(300, 1), "PNG"), "dot.png": stored(scene(1, 1), "PNG"),
    "small.png": stored(scene(11, 9), "PNG"), "strip.jpg": stored(scene(200, 9), "JPEG", quality=85),
    "same.png": stored(scene(SIZE, SIZE), "PNG"),
}
WINDOWS = {"xray-16.png": (0, 65535), "xray-16.tif": (0, 65535), "xray-12-in-16.png": (0, 4095)}

files = []
for name, content in FILES.items():
    opened = Image.open(io.BytesIO(content))
    window = WINDOWS.get(name)
    if window:
        low, high = window
        assert opened.mode == "I;16"
        levels = np.clip((np.asarray(opened).astype(np.float64) - low) / (high - low), 0, 1)
        image = Image.fromarray(np.floor(levels * 255 + 0.5).astype(np.uint8))
    else:
        image = ImageOps.exif_transpose(opened)
    expected = view(image.convert("RGB"))
    try:
        direct = float((view(opened) - expected).abs().max() * 255)
    except Exception as error:
        direct = str(error)
    pixels = torch.round(expected * 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    files.append({"name": name, "file": base64.b64encode(content).decode(), "window": window, "mode": opened.mode,
                  "direct": direct, "view": base64.b64encode(pixels.tobytes()).decode()})
    print(f"{name:24} {opened.mode:5} {opened.size} direct {direct if isinstance(direct, str) else round(direct, 1)}")

vqa = json.loads(gzip.decompress(OUT.read_bytes())).get("vqaRad") if OUT.exists() else None
if len(sys.argv) > 1:
    digest, names = hashlib.sha256(), sorted((pathlib.Path(sys.argv[1]) / "images").iterdir())
    for path in names:
        digest.update(np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB")).tobytes())
    vqa = {"count": len(names), "sha256": digest.hexdigest()}
OUT.write_bytes(gzip.compress(json.dumps({"size": SIZE, "files": files, "vqaRad": vqa}, separators=(",", ":")).encode(), 9, mtime=0))
print(len(files), vqa, OUT.stat().st_size, "bytes")
