"""Makes packages/formats/fixtures/formats: HDF5, workbook and DICOM files written by the reference libraries. expected.json
holds the values that those libraries read from them.

Run: python scripts/oracles/data_formats.py
Made with h5py 3.16, openpyxl 3.1.5, pydicom 3.0.2 (pylibjpeg-openjpeg 2.6.0), imagecodecs 2026.3.6 (JPEG lossless, JPEG-LS),
Python 3.11. Expected pixels of compressed images come from the decoders of pydicom or imagecodecs.
"""
import base64
import gzip
import hashlib
import json
import pathlib

import h5py
import imagecodecs
import numpy as np
import openpyxl
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian,
    JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless,
    RLELossless,
)

OUT = pathlib.Path(__file__).parents[2] / "packages/formats/fixtures/formats"
OUT.mkdir(exist_ok=True)
for old in OUT.glob("*"):
    old.unlink()
rng = np.random.default_rng(17)
expected = {"hdf5": {}, "xlsx": {}, "dicom": {}}


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# ---- HDF5
x = rng.integers(0, 256, (7, 5, 4, 3), dtype=np.uint8)
y = rng.integers(0, 2, (7, 1, 1, 1), dtype=np.uint8)
for name, options, library in [
    ("plain", {}, "earliest"),
    ("latest", {}, "latest"),
    ("chunks", {"chunks": (3, 5, 4, 3)}, "earliest"),
    ("packed", {"chunks": (2, 5, 2, 3), "compression": "gzip", "shuffle": True, "fletcher32": True}, "earliest"),
    ("one", {"chunks": (1, 5, 4, 3), "compression": "gzip"}, "latest"),
]:
    with h5py.File(OUT / f"{name}.h5", "w", libver=library) as file:
        file.create_dataset("x", data=x, **options)
        file.create_dataset("y", data=y)
        file.create_dataset("wide", data=np.arange(4, dtype=np.int32))
        file.create_group("group")
    expected["hdf5"][f"{name}.h5"] = {"shape": x.shape, "x": text(x), "y": text(y)}
(OUT / "zipped.h5.gz").write_bytes(gzip.compress((OUT / "packed.h5").read_bytes(), mtime=0))
expected["hdf5"]["zipped.h5.gz"] = expected["hdf5"]["packed.h5"]

# ---- workbooks
rows = [
    ["image_name", "NC", "G3", "note", "ok", "ratio"],
    ["16B0001851_Block_Region_1.jpg", 0, 1, None, True, 0.5],
    ["größer & <kleiner> 胸片.jpg", 1, 0, "two\nlines", False, -1.25e-7],
    [None, None, None, None, None, None],
    ["  blanks  ", 0, 0, "=1+1", None, 1e22],
    ["same", 12345678901234, 3, "same", True, 3],
]
book = openpyxl.Workbook()
sheet = book.active
for row in rows:
    sheet.append(row)
sheet["D5"].value = "'=1+1"
book.create_sheet("second").append(["other"])
book.save(OUT / "book.xlsx")
back = [list(r) for r in openpyxl.load_workbook(OUT / "book.xlsx").worksheets[0].iter_rows(values_only=True)]
header, *body = back
expected["xlsx"]["book.xlsx"] = [dict(zip(header, r)) for r in body if any(v is not None for v in r)]
sparse = openpyxl.Workbook()
sheet = sparse.active
sheet["C4"], sheet["AB4"], sheet["C9"], sheet["AB9"], sheet["B9"] = "a", "b", 1, 2, "in no column"
sparse.save(OUT / "sparse.xlsx")
expected["xlsx"]["sparse.xlsx"] = [{"a": 1, "b": 2}]
written = openpyxl.Workbook(write_only=True)
sheet = written.create_sheet()
for row in rows[:3]:
    sheet.append(row[:3])
written.save(OUT / "write-only.xlsx")
expected["xlsx"]["write-only.xlsx"] = [dict(zip(rows[0][:3], r[:3])) for r in rows[1:3]]


# ---- DICOM
def dataset(pixels, bits, *, syntax=ExplicitVRLittleEndian, photometric="MONOCHROME2", signed=False, **tags):
    ds = pydicom.Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if UID(syntax).is_compressed else syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "2.25.1234567890"
    ds.PatientName = "Phantom^Generated"
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = pixels.dtype.itemsize * 8
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(signed)
    if pixels.ndim == 3:
        ds.PlanarConfiguration = tags.pop("PlanarConfiguration", 0)
        raw = pixels.transpose(2, 0, 1) if ds.PlanarConfiguration == 1 else pixels
    else:
        raw = pixels
    big = syntax == ExplicitVRBigEndian
    ds.PixelData = np.ascontiguousarray(raw.astype(raw.dtype.newbyteorder(">" if big else "<"))).tobytes()
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"
    for tag, value in tags.items():
        setattr(ds, tag, value)
    return ds


def levels(ds, pixels):
    """8-bit levels as packages/formats documents them, from pydicom's own rescaling and windowing."""
    rescaled = apply_modality_lut(pixels, ds).astype(np.float64)
    if "WindowCenter" in ds or "VOILUTSequence" in ds:
        shown = apply_voi_lut(pixels if "VOILUTSequence" in ds else rescaled, ds, prefer_lut=False)
        if "VOILUTSequence" in ds and "WindowCenter" not in ds:
            low, high = 0, 2 ** int(ds.VOILUTSequence[0].LUTDescriptor[2]) - 1
        else:
            low, high = (-(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1) if ds.PixelRepresentation else (0, 2 ** ds.BitsStored - 1)
            slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
            low, high = low * slope + intercept, high * slope + intercept
    else:
        shown, low, high = rescaled, rescaled.min(), rescaled.max()
    share = (np.asarray(shown, np.float64) - low) / (high - low) if high > low else np.zeros(rescaled.shape)
    out = np.floor(np.round(share * 255, 9) + 0.5).astype(np.uint8)
    return 255 - out if ds.PhotometricInterpretation == "MONOCHROME1" else out


def keep(name, ds, pixels, colours=None):
    path = OUT / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True)
    back = pydicom.dcmread(path)
    expected["dicom"][path.name] = {
        "shape": pixels.shape,
        "values": digest(pixels.astype("<i4")),
        "levels": digest(levels(back, pixels) if colours is None else colours),
    }


def smooth(height, width, top, channels=None):
    """An image that codecs can compress: gradients with a little noise."""
    shape = (height, width) if channels is None else (height, width, channels)
    yy, xx = np.mgrid[0:height, 0:width]
    base = (np.sin(yy / 5) + np.cos(xx / 7) + 2) / 4
    if channels:
        base = np.stack([np.roll(base, 3 * c, 1) for c in range(channels)], -1)
    return np.clip(base * top + rng.normal(0, top / 60, shape), 0, top).astype(np.uint16 if top > 255 else np.uint8)


deep = smooth(37, 45, 4095)
grey = smooth(37, 45, 255)
signed = (smooth(37, 45, 4095).astype(np.int32) - 2048).astype(np.int16)
rgb = smooth(37, 45, 255, 3)
wide = {"WindowCenter": 2048, "WindowWidth": 2000}

keep("implicit", dataset(deep, 12, syntax=ImplicitVRLittleEndian, **wide), deep)
keep("explicit", dataset(deep, 12, photometric="MONOCHROME1", **wide), deep)
keep("deflated", dataset(deep, 12, syntax=DeflatedExplicitVRLittleEndian, **wide), deep)
keep("big-endian", dataset(deep, 12, syntax=ExplicitVRBigEndian, **wide), deep)
keep("no-window", dataset(deep, 12), deep)
keep("eight-bits", dataset(grey, 8), grey)
keep("signed", dataset(signed, 12, signed=True, RescaleSlope=1, RescaleIntercept=-24, WindowCenter=[40, 300], WindowWidth=[400, 1500]), signed)
keep("rescaled", dataset(deep, 12, RescaleSlope="0.5", RescaleIntercept="-100", WindowCenter=900, WindowWidth=1000), deep)
keep("exact", dataset(deep, 12, VOILUTFunction="LINEAR_EXACT", **wide), deep)
keep("sigmoid", dataset(deep, 12, VOILUTFunction="SIGMOID", **wide), deep)
table = pydicom.Dataset()
table.add_new((0x0028, 0x3002), "US", [1024, 1000, 12])
table.add_new((0x0028, 0x3006), "US", [int(4095 * (i / 1023) ** 2) for i in range(1024)])
keep("lookup", dataset(deep, 12, VOILUTSequence=[table]), deep)
keep("rgb", dataset(rgb, 8, photometric="RGB"), rgb, rgb)
keep("planes", dataset(rgb, 8, photometric="RGB", PlanarConfiguration=1), rgb, rgb)
ybr = pydicom.pixels.convert_color_space(rgb, "RGB", "YBR_FULL")
keep("ybr", dataset(ybr, 8, photometric="YBR_FULL"), ybr, pydicom.pixels.convert_color_space(ybr, "YBR_FULL", "RGB"))

for name, syntax, pixels, bits, tags in [
    ("rle", RLELossless, deep, 12, wide),
    ("rle-rgb", RLELossless, rgb, 8, {}),
    ("j2k", JPEG2000Lossless, deep, 12, wide),
    ("j2k-signed", JPEG2000Lossless, signed, 12, {"WindowCenter": 0, "WindowWidth": 2000}),
    ("j2k-rgb", JPEG2000Lossless, rgb, 8, {}),
]:
    colour = pixels.ndim == 3
    ds = dataset(pixels, bits, syntax=syntax, photometric="RGB" if colour else "MONOCHROME2", signed=pixels.dtype == np.int16, **tags)
    ds.compress(syntax, encoding_plugin="pydicom" if syntax == RLELossless else "pylibjpeg")
    back = ds.pixel_array
    assert (back == pixels).all()
    keep(name, ds, pixels, pixels if colour else None)


def packed(name, syntax, code, pixels, decoded, bits, **tags):
    ds = dataset(pixels, bits, syntax=syntax, photometric="MONOCHROME2" if pixels.ndim == 2 else "RGB", **tags)
    ds.PixelData = encapsulate([code])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = syntax
    keep(name, ds, decoded, None if pixels.ndim == 2 else decoded)


code = imagecodecs.ljpeg_encode(deep, bitspersample=12)
packed("lossless", JPEGLosslessSV1, code, deep, deep, 12, **wide)
packed("lossless-57", JPEGLossless, code, deep, deep, 12, **wide)
code = imagecodecs.jpegls_encode(deep)
packed("jpegls", JPEGLSLossless, code, deep, imagecodecs.jpegls_decode(code), 12, **wide)
code = imagecodecs.jpegls_encode(deep, level=3)
packed("jpegls-near", JPEGLSNearLossless, code, deep, imagecodecs.jpegls_decode(code), 16, **wide)
code = imagecodecs.jpeg2k_encode(deep, level=60, bitspersample=12, codecformat="j2k")
packed("j2k-lossy", JPEG2000, code, deep, imagecodecs.jpeg2k_decode(code), 12, **wide)
code = imagecodecs.jpeg8_encode(grey, level=90)
packed("baseline", JPEGBaseline8Bit, code, grey, imagecodecs.jpeg8_decode(code), 8)
code = imagecodecs.jpeg8_encode(rgb, level=90, subsampling="444")
packed("baseline-rgb", JPEGBaseline8Bit, code, rgb, imagecodecs.jpeg8_decode(code), 8)

(OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
print({kind: len(files) for kind, files in expected.items()}, sum(f.stat().st_size for f in OUT.glob("*")))
