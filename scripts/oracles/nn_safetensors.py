"""A small file with every supported element type, written by the reference library.

Run: python scripts/oracles/nn_safetensors.py packages/nn/fixtures/reference.safetensors
Made with safetensors 0.8, torch 2.15.
"""

import sys

import torch
from safetensors.torch import save_file

save_file(
    {
        "f32": torch.tensor([[1.5, -2.25, 3.0], [4.0, 5.0, 6.125]]),
        "f16": torch.tensor([1.5, -2.0, 65504.0, 2.0**-24, 0.0], dtype=torch.float16),
        "bf16": torch.tensor([1.5, -2.0, 3.3895313892515355e38], dtype=torch.bfloat16),
        "i64": torch.tensor([-1, 2**31 - 1]),
        "i32": torch.tensor(-7, dtype=torch.int32),
        "bool": torch.tensor([True, False, True]),
    },
    sys.argv[1],
    metadata={"made": "by safetensors"},
)
