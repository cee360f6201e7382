"""Embeddings, tokens and gradients of timm's ConvNeXt and Swin at small sizes, with open_clip's linear projection.

Writes packages/encoders-convnext/fixtures/timm.json and packages/encoders-swin/fixtures/timm.json.

Run: python scripts/oracles/timm_towers.py
Made with Python 3.11, torch 2.15, timm 1.0 on CPU, float64. The weights are not stored: both sides compute them from
the parameter's name (see `formula.py`). The Swin has shifted windows, and a last stage that is smaller than a window.
"""

import hashlib
import json
import math
from collections import OrderedDict
from pathlib import Path

import timm
import torch
from formula import scattered, summary, value
from timm.models.convnext import ConvNeXt
from timm.models.swin_transformer import SwinTransformer
from torch import nn

BATCH, EMBED = 2, 8


class Tower(nn.Module):
    """As open_clip's TimmModel with `timm_pool: ''` and `timm_proj: 'linear'`."""

    def __init__(self, trunk: nn.Module, embed_dim: int = EMBED) -> None:
        super().__init__()
        trunk.reset_classifier(0)
        self.trunk = trunk
        self.head = nn.Sequential(OrderedDict(proj=nn.Linear(trunk.num_features, embed_dim, bias=False)))


def convnext(tower: Tower, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The last map before the norm, and its normalised cells, both [B, T, W]."""
    grid = tower.trunk.forward_features(images)
    return grid.flatten(2).transpose(1, 2), tower.trunk.head.norm(grid).flatten(2).transpose(1, 2)


def swin(tower: Tower, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    trunk = tower.trunk
    grid = trunk.layers(trunk.patch_embed(images))
    return grid.flatten(1, 2), trunk.norm(grid).flatten(1, 2)


def full_size(name: str) -> dict:
    """The number of parameters of a published model, with a joint space of 512, and a checksum of names and shapes."""
    tower = Tower(timm.create_model(name, pretrained=False), 512)
    shapes = {key: list(parameter.shape) for key, parameter in tower.named_parameters()}
    lines = "".join(f"{key} {','.join(map(str, shape))}\n" for key, shape in sorted(shapes.items()))
    return {
        "parameters": sum(math.prod(shape) for shape in shapes.values()),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }


def run(trunk: nn.Module, side: int, tokens_of, published: list[str]) -> dict:
    tower = Tower(trunk).double().eval()
    for name, parameter in tower.named_parameters():
        parameter.data = value(name, parameter.shape)
    images = scattered(BATCH * 3 * side * side, 0).reshape(BATCH, 3, side, side)
    pooled = tower.trunk(images)
    embedding = tower.head(pooled)
    hidden, tokens = tokens_of(tower, images)
    projected = tower.head(tokens)
    weigh = lambda x: (x * torch.cos(torch.arange(x.numel(), dtype=torch.float64)).reshape(x.shape)).sum()
    loss = weigh(embedding) + weigh(projected)
    loss.backward()
    return {
        "timm": timm.__version__,
        "shapes": {name: list(parameter.shape) for name, parameter in tower.named_parameters()},
        "embedding": embedding.flatten().tolist(),
        "pooled": summary(pooled),
        "hidden": summary(hidden),
        "tokens": summary(tokens),
        "tokenEmbeddings": summary(projected),
        "loss": loss.item(),
        "published": {name: full_size(name) for name in published},
        "gradients": {name: summary(parameter.grad) for name, parameter in tower.named_parameters()},
    }


torch.set_default_dtype(torch.float64)
CASES = {
    "convnext": (ConvNeXt(depths=(1, 2, 1, 1), dims=(8, 12, 16, 24)), 64, convnext, ["convnext_tiny", "convnext_base"]),
    "swin": (
        SwinTransformer(img_size=32, window_size=4, embed_dim=8, depths=(2, 2, 2), num_heads=(1, 2, 4)),
        32,
        swin,
        ["swin_tiny_patch4_window7_224", "swin_base_patch4_window7_224"],
    ),
}
if __name__ == "__main__":
    for family, case in CASES.items():
        file = Path(__file__).parents[2] / "packages" / f"encoders-{family}" / "fixtures" / "timm.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(run(*case)) + "\n")
