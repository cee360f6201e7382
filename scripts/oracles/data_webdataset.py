"""Makes packages/formats/fixtures/webdataset.json: small tar shards written by Python, and the samples that Python reads from them.

Run: python scripts/oracles/data_webdataset.py   (made with webdataset 1.0.2, Pillow 13.0.0, Python 3.11)
Shards are zlib-compressed base64. Each shard lists the samples that the `webdataset` package finds, in order: key, suffix of
the image, SHA-256 of the image's bytes, caption.
"""
import base64
import hashlib
import io
import json
import pathlib
import tarfile
import tempfile
import zlib

import numpy as np
import webdataset as wds
from PIL import Image

OUT = pathlib.Path(__file__).parents[2] / "packages/formats/fixtures/webdataset.json"
rng = np.random.default_rng(11)
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}


def image(suffix, level):
    data = np.full((6, 8, 3), level, np.uint8)
    file = io.BytesIO()
    Image.fromarray(data).save(file, FORMATS[suffix], **({"lossless": True} if suffix == "webp" else {}))
    return file.getvalue()


def samples(n, folder=""):
    for i in range(n):
        suffix = list(FORMATS)[i % 4]
        caption = f"Befund {i}: Lungenödem, größer als zuvor 胸片"
        yield f"{folder}{i:05d}", suffix, image(suffix, 10 * i), caption


def plain(format, folder="", n=6):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format) as tar:
        if folder:
            info = tarfile.TarInfo(folder.split("/")[0])
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        for key, suffix, body, caption in samples(n, folder):
            meta = json.dumps({"caption": caption, "width": 8}).encode()
            # The order within a sample is free, and there may be other members in between.
            for name, data in ((f"{key}.txt", caption.encode()), (f"{key}.{suffix}", body), (f"{key}.json", meta)):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def by_webdataset():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/x.tar"
        with wds.TarWriter(path, mtime=0) as sink:
            for key, suffix, body, caption in samples(5):
                sink.write({"__key__": key, suffix: body, "txt": caption, "json": {"caption": caption, "n": 1}})
        return pathlib.Path(path).read_bytes()


def awkward():
    """Upper-case suffixes, keys with a dot in the folder name, two-part suffixes, hidden files, meta files, and links, which are skipped."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        add("__index__", b"no sample")
        add("./v1.2/a.JPG", image("jpg", 7))
        add("./v1.2/a.seg.png", image("png", 8))
        add("./v1.2/a.TXT", b"one")
        add("./v1.2/._b.jpg", b"left by a Mac")
        add("./v1.2/README", b"no suffix")
        add("./v1.2/b.png", image("png", 9))
        add("./v1.2/b.txt", b"two")
    return file.getvalue()


def read(shard):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.tar"
        path.write_bytes(shard)
        found = []
        for sample in wds.WebDataset(str(path), shardshuffle=False):
            parts = {k.lower(): v for k, v in sample.items() if not k.startswith("__")}
            suffix = next((s for s in ("jpg", "png", "jpeg", "webp") if s in parts), None)
            if suffix is None or "txt" not in parts:
                continue
            found.append([sample["__key__"], suffix, hashlib.sha256(parts[suffix]).hexdigest(), parts["txt"].decode()])
        return found


LONG = "a-folder-with-a-name/" + "that-goes-on-and-on-" * 9 + "/"
shards = {
    "ustar": plain(tarfile.USTAR_FORMAT, "images/" + "deep/" * 24),
    "gnu": plain(tarfile.GNU_FORMAT, LONG),
    "pax": plain(tarfile.PAX_FORMAT, "größe/" + LONG),
    "webdataset": by_webdataset(),
    "awkward": awkward(),
}
OUT.write_text(json.dumps({
    name: {"tar": base64.b64encode(zlib.compress(shard, 9)).decode(), "samples": read(shard)}
    for name, shard in shards.items()
}, ensure_ascii=False, indent=1) + "\n")
