"""Embeddings and gradients of open_clip's towers at a small size, for tests/fixtures/clip-towers.json.

Run: python scripts/oracles/clip_towers.py > tests/fixtures/clip-towers.json
Made with Python 3.11, torch 2.15, open_clip 3.3 on CPU, float64. The weights are not stored: both sides compute them from
the parameter's name (see `value`).
"""

import json
import math

import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg


def value(name: str, shape: torch.Size) -> torch.Tensor:
    """Scattered numbers in (-1, 1), times 1.5 / sqrt(last side) for matrices and 0.3 else; they depend on the name."""
    offset = sum(ord(letter) for letter in name) % 1000
    count = max(1, math.prod(shape))
    index = torch.arange(count, dtype=torch.float64)
    scale = 0.3 if len(shape) < 2 else 1.5 / math.sqrt(shape[-1])
    wave = (torch.sin(12.9898 * (index + 1) + offset) * 43758.5453).abs()
    values = scale * (2 * (wave - wave.floor()) - 1)
    if ("ln_" in name) and name.endswith("weight"):
        values = 1 + values
    if name == "logit_scale":
        values = torch.tensor([2.0], dtype=torch.float64)
    return values.reshape(shape)


torch.set_default_dtype(torch.float64)
model = CLIP(
    embed_dim=16,
    vision_cfg=CLIPVisionCfg(layers=2, width=128, head_width=64, patch_size=8, image_size=16),
    text_cfg=CLIPTextCfg(context_length=12, vocab_size=40, width=128, heads=2, layers=2),
    quick_gelu=True,
).double()
model.eval()
for name, parameter in model.named_parameters():
    parameter.data = value(name, parameter.shape)

images = torch.sin(torch.arange(3 * 3 * 16 * 16, dtype=torch.float64) * 0.11).reshape(3, 3, 16, 16)
ids = torch.tensor([[38, 5, 9, 39] + [0] * 8, [38, 1, 39] + [0] * 9, [38] + list(range(3, 13)) + [39]])
image = model.encode_image(images)
text = model.encode_text(ids)
weight = torch.cos(torch.arange(3 * 16, dtype=torch.float64)).reshape(3, 16)
loss = (image * weight).sum() + (text * weight.flip(0)).sum()
loss.backward()

gradients = {}
for name, parameter in model.named_parameters():
    if parameter.grad is None:
        continue
    flat = parameter.grad.flatten()
    gradients[name] = {"norm": flat.norm().item(), "first": flat[:4].tolist(), "last": flat[-4:].tolist()}
print(
    json.dumps(
        {
            "parameters": {name: list(parameter.shape) for name, parameter in model.named_parameters()},
            "image": image.flatten().tolist(),
            "text": text.flatten().tolist(),
            "loss": loss.item(),
            "gradients": gradients,
        }
    )
)
