"""Makes the folder packages/formats/fixtures/torch: files by torch.save, in both of its formats, with their values.

Run: python scripts/oracles/data_torch.py
Made with torch 2.15.0. `values.json` has the type, shape and bytes of each tensor. `call.pt` asks Python to run a command.
"""
import json
import os
import pathlib
import pickle
import zipfile

import torch

OUT = pathlib.Path(__file__).parents[2] / "packages/formats/fixtures/torch"
OUT.mkdir(parents=True, exist_ok=True)
NAMES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
         torch.int32: "I32", torch.uint8: "U8", torch.bool: "BOOL"}
matrix = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 7
# The state of a module is an ordered dictionary with the versions of its parts.
state = torch.nn.Module().state_dict()
state.update([
    ("bert.embeddings.LayerNorm.gamma", matrix[1]),
    ("matrix", matrix), ("transposed", matrix.t()), ("columns", matrix[:, 1:3]),
    ("parameter", torch.nn.Parameter(torch.tensor([1.5, -2.5]))),
    ("scalar", torch.tensor(3.25)), ("empty", torch.zeros(0, 3)),
    ("double", torch.tensor([1 / 3], dtype=torch.float64)), ("half", torch.tensor([0.1, -65504.0]).half()),
    ("bfloat", torch.tensor([3.14159]).bfloat16()), ("positions", torch.arange(3).unsqueeze(0)),
    ("int", torch.tensor([-7], dtype=torch.int32)), ("byte", torch.tensor([255], dtype=torch.uint8)),
    ("bool", torch.tensor([True, False])),
])


def hexadecimal(tensor: torch.Tensor) -> str:
    return tensor.detach().contiguous().clone().reshape(-1).view(torch.uint8).numpy().tobytes().hex()


torch.save(state, OUT / "archive.pt")
torch.save(state, OUT / "legacy.pt", _use_new_zipfile_serialization=False)
values = {name: {"dtype": NAMES[t.dtype], "shape": list(t.shape), "hex": hexadecimal(t)} for name, t in state.items()}
(OUT / "values.json").write_text(json.dumps(values, indent=1) + "\n")


class Call:
    def __reduce__(self):
        return os.system, ("echo run",)


with zipfile.ZipFile(OUT / "call.pt", "w") as archive:
    archive.writestr(zipfile.ZipInfo("call/data.pkl"), pickle.dumps({"weight": Call()}, protocol=2))
