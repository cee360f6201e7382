"""Embeddings and gradients of Hugging Face's CLIPModel at a small size, for tests/fixtures/hugging-face.json.

Run: python scripts/oracles/hf_clip.py > tests/fixtures/hugging-face.json
Made with Python 3.11, torch 2.15, transformers 5.23 on CPU, float64. The weights are not stored: both sides compute them from
the parameter's name (see `value`).
"""

import json
import math

import torch
from transformers import CLIPConfig, CLIPModel


def value(name: str, shape: torch.Size) -> torch.Tensor:
    """Scattered numbers in (-1, 1), times 1.5 / sqrt(last side) for matrices and 0.3 else; they depend on the name."""
    offset = sum(ord(letter) for letter in name) % 1000
    count = max(1, math.prod(shape))
    index = torch.arange(count, dtype=torch.float64)
    scale = 0.3 if len(shape) < 2 else 1.5 / math.sqrt(shape[-1])
    wave = (torch.sin(12.9898 * (index + 1) + offset) * 43758.5453).abs()
    values = scale * (2 * (wave - wave.floor()) - 1)
    if ("norm" in name or "layrnorm" in name) and name.endswith("weight"):
        values = 1 + values
    if name == "logit_scale":
        values = torch.tensor([2.0], dtype=torch.float64)
    return values.reshape(shape)


tower = {"hidden_act": "gelu", "hidden_size": 128, "intermediate_size": 512, "num_attention_heads": 2, "num_hidden_layers": 2}
config = CLIPConfig(
    projection_dim=16,
    text_config={**tower, "projection_dim": 16, "max_position_embeddings": 12, "vocab_size": 40, "bos_token_id": 38,
                 "eos_token_id": 39, "pad_token_id": 39},
    vision_config={**tower, "projection_dim": 16, "image_size": 16, "patch_size": 8},
)
torch.set_default_dtype(torch.float64)
model = CLIPModel(config).double()
model.eval()
for name, parameter in model.named_parameters():
    parameter.data = value(name, parameter.shape)

images = torch.sin(torch.arange(3 * 3 * 16 * 16, dtype=torch.float64) * 0.11).reshape(3, 3, 16, 16)
ids = torch.tensor([[38, 5, 9, 39] + [39] * 8, [38, 1, 39] + [39] * 9, [38] + list(range(3, 13)) + [39]])
image = model.visual_projection(model.vision_model(pixel_values=images).pooler_output)
text = model.text_projection(model.text_model(input_ids=ids).pooler_output)
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
