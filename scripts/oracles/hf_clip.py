"""Embeddings and gradients of Hugging Face's CLIPModel at a small size, for tests/fixtures/hugging-face.json.

Run: python scripts/oracles/hf_clip.py > tests/fixtures/hugging-face.json
Made with Python 3.11, torch 2.15, transformers 5.23 on CPU, float64. The weights are not stored: both sides compute them from
the parameter's name (see `formula.py`).
"""

import json

import torch
from formula import towers, value
from transformers import CLIPConfig, CLIPModel


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
print(json.dumps(towers(image, text, model.named_parameters())))
