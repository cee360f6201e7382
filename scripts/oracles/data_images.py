"""Makes packages/data/fixtures/images.json: small files in many image formats, with their pixels as read by Pillow, in base64.

Run: python scripts/oracles/data_images.py   (made with Pillow 13.0.0, NumPy 2.4.6)
Pixels are those of ImageOps.exif_transpose, then convert('RGB') or, for grey, convert('L'); 16-bit grey is round(v / 257).
CMYK is stored without a profile.
"""
import base64
import io
import json
import pathlib

import numpy as np
from PIL import Image, ImageCms, ImageOps

OUT = pathlib.Path(__file__).parents[2] / "packages/data/fixtures/images.json"
rng = np.random.default_rng(7)
y, x = np.mgrid[0:10, 0:14]
smooth = np.stack([x * 18, y * 25, (x + y) * 11], -1).astype(np.uint8)
rgb = Image.fromarray(smooth)
grey = Image.fromarray(smooth[..., 0])
rgba = rgb.copy()
rgba.putalpha(Image.fromarray((y * 28).astype(np.uint8)))
deep = (x * 4500 + y * 200).astype(np.uint16)
exif = Image.Exif()
exif[0x0112] = 6


def entry(name, image, fmt, channels, tolerance=0, pixels=None, **options):
    stream = io.BytesIO()
    image.save(stream, fmt, **options)
    decoded = ImageOps.exif_transpose(Image.open(io.BytesIO(stream.getvalue())))
    decoded = np.asarray(decoded.convert("L" if channels == 1 else "RGB")) if pixels is None else pixels
    return {"name": name, "file": base64.b64encode(stream.getvalue()).decode(), "width": decoded.shape[1],
            "height": decoded.shape[0], "channels": channels, "tolerance": tolerance,
            "data": base64.b64encode(decoded.tobytes()).decode()}


entries = [
    entry("grey.png", grey, "PNG", 1), entry("rgb.png", rgb, "PNG", 3), entry("alpha.png", rgba, "PNG", 3),
    entry("grey-alpha.png", rgba.convert("LA"), "PNG", 1),
    entry("palette.png", rgb.quantize(16), "PNG", 3),
    entry("palette-transparent.png", rgb.quantize(16), "PNG", 3, transparency=3),
    entry("deep.png", Image.fromarray(deep), "PNG", 1, pixels=np.round(deep / 257).astype(np.uint8)),
    entry("bilevel.png", grey.point(lambda v: 255 if v > 90 else 0).convert("1"), "PNG", 1),
    entry("profile.png", rgb, "PNG", 3, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()),
    entry("rgb.jpg", rgb, "JPEG", 3, quality=90), entry("grey.jpg", grey, "JPEG", 1, quality=90),
    entry("full-chroma.jpg", rgb, "JPEG", 3, quality=95, subsampling=0),
    entry("progressive.jpg", rgb, "JPEG", 3, quality=80, progressive=True),
    entry("rotated.jpg", rgb, "JPEG", 3, exif=exif), entry("rotated-grey.jpg", grey, "JPEG", 1, exif=exif),
    entry("cmyk.jpg", Image.new("CMYK", (9, 6), (0, 0, 0, 0)), "JPEG", 3),
    entry("rgb.gif", rgb.quantize(16), "GIF", 3), entry("rgb.tif", rgb, "TIFF", 3), entry("grey.tif", grey, "TIFF", 1),
    entry("rgb.webp", rgb, "WEBP", 3, lossless=True),
]
OUT.write_text(json.dumps(entries, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(len(entries), OUT.stat().st_size, "bytes")
