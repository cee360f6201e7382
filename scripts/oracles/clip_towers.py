"""Embeddings and gradients of open_clip's towers at a small size, for tests/fixtures/clip-towers.json.

Run: python scripts/oracles/clip_towers.py > tests/fixtures/clip-towers.json
Made with Python 3.11, torch 2.15, open_clip 3.3 on CPU, float64. The weights are not stored: both sides compute them from
the parameter's name (see `formula.py`).
"""

import json

import torch
from formula import towers, value
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg


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
print(json.dumps(towers(image, text, model.named_parameters())))
