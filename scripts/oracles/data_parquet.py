"""Makes packages/formats/fixtures/parquet: Parquet files written by pyarrow and pickles written by Python. expected.json
holds the values that these libraries read from them.

Run: python scripts/oracles/data_parquet.py   (made with pyarrow 26.0.1, Pillow 13.0.0, Python 3.11)
"""
import hashlib
import io
import json
import os
import pathlib
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

OUT = pathlib.Path(__file__).parents[2] / "packages/formats/fixtures/parquet"
OUT.mkdir(exist_ok=True)
for old in OUT.glob("*"):
    old.unlink()
rng = np.random.default_rng(23)
N = 23


def image(i):
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (6, 5 + i % 3, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


images = [image(i) for i in range(N)]
(OUT / "beside.png").write_bytes(images[3])
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
rows = [
    {
        "image": None if i == 20 else {"bytes": None, "path": "beside.png"} if i == 3 else {"bytes": images[i], "path": None if i % 2 else f"{i}.png"},
        "question": None if i == 7 else f"Größe 胸片 {i % 4}?",
        "label": i % 4,
        "count": 2**40 + i,
        "tumour": None if i == 11 else i % 2 == 0,
        "share": i / 7,
        "cui": [f"C{j}" for j in range(i % 3)],
    }
    for i in range(N)
]
SCHEMA = pa.schema([
    ("image", IMAGE), ("question", pa.string()), ("label", pa.int64()), ("count", pa.int64()), ("tumour", pa.bool_()),
    ("share", pa.float64()), ("cui", pa.list_(pa.string())),
])
FEATURES = {"image": {"_type": "Image"}, "label": {"names": ["Benign", "InSitu", "Invasive", "Normal"], "_type": "ClassLabel"}}
SCHEMA = SCHEMA.with_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})


def shown(row):
    image = row["image"]
    value = None if image is None else {"bytes": None if image["bytes"] is None else hashlib.sha256(image["bytes"]).hexdigest(), "path": image["path"]}
    return {**row, "image": value}


expected = {"parquet": {}, "pickle": {}}
whole = pa.Table.from_pylist(rows, SCHEMA)
for name, options in {
    "plain": {"compression": "none", "use_dictionary": False},
    "snappy": {"compression": "snappy", "row_group_size": 7},
    "dictionary-v2": {"compression": "snappy", "data_page_version": "2.0", "row_group_size": 10},
    "zstd": {"compression": "zstd", "row_group_size": 9},
    "gzip": {"compression": "gzip", "data_page_size": 64, "write_page_index": True},
    "brotli": {"compression": "brotli", "version": "1.0"},
}.items():
    pq.write_table(whole, OUT / f"{name}.parquet", **options)
    back = pq.read_table(OUT / f"{name}.parquet").to_pylist()
    expected["parquet"][name] = {"files": [f"{name}.parquet"], "rows": [shown(r) for r in back]}
for i in range(2):
    pq.write_table(whole.slice(12 * i, 12), OUT / f"train-{i:05d}-of-00002.parquet", row_group_size=5)
expected["parquet"]["two files"] = {"files": [f"train-{i:05d}-of-00002.parquet" for i in range(2)], "rows": [shown(r) for r in rows]}
expected["images"] = {str(i): hashlib.sha256(images[i]).hexdigest() for i in range(N) if i != 20}
expected["classes"] = FEATURES["label"]["names"]

# ---- pickles, like those of PathVQA
questions = [{"image": f"train_{i:04d}", "question": f"Größe {i}?\n'x'", "answer": ["yes", "no", "胸片"][i % 3]} for i in range(40)]
plain = {"list": questions, "map": {"yes": 0, "no": 1}, "mixed": [None, True, False, -1, 2**31, 2**60, -(2**40), 1.5, -1e-300, "", "a" * 300, ["b", ("c", "d", "e", "f"), (), ("g",), ("h", "i"), ("j", "k", "l")], {}, [], {"k": {"k": [1]}}]}
for protocol in range(6):
    (OUT / f"plain-{protocol}.pkl").write_bytes(pickle.dumps(plain, protocol))
    expected["pickle"][f"plain-{protocol}.pkl"] = json.loads(json.dumps(plain))


class Hostile:
    def __reduce__(self):
        return os.system, ("echo never",)


for protocol in (0, 2, 4):
    (OUT / f"hostile-{protocol}.pkl").write_bytes(pickle.dumps([{"image": Hostile()}], protocol))
(OUT / "array.pkl").write_bytes(pickle.dumps(np.arange(3)))
again = []
for _ in range(60):
    again = [again, again]
(OUT / "doubled.pkl").write_bytes(pickle.dumps(again, 4))
itself = []
itself.append(itself)
(OUT / "itself.pkl").write_bytes(pickle.dumps(itself, 4))
# One of six is enough.
expected["pickle"] = {"files": list(expected["pickle"]), "value": json.loads(json.dumps(plain))}
(OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
print(sum(f.stat().st_size for f in OUT.glob("*")))
