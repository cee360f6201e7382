"""Embeddings and gradients of timm's vision transformers at a small size, for tests/fixtures/vit-towers.json.

Run: python scripts/oracles/vit_towers.py > tests/fixtures/vit-towers.json
Made with Python 3.11, torch 2.15, timm 1.0 on CPU, float64. The registered models are made smaller by options, so their
activation, norms and pooling are timm's own. The projection is that of open_clip's TimmModel. The weights are not stored:
both sides compute them from the parameter's name (see `formula.py`).
"""

import json
import math

import timm
import torch
from formula import digits, scattered, summary, value

torch.set_default_dtype(torch.float64)
SIZES = dict(img_size=16, patch_size=8, embed_dim=128, depth=2, num_heads=2, num_classes=0, pretrained=False)
CASES = {
    "token": ("vit_base_patch16_224", 16),
    "map": ("vit_base_patch16_siglip_224", 16),
    # open_clip's `timm_proj: none`: a joint space as wide as the tower.
    "map-unprojected": ("vit_base_patch16_siglip_224", None),
}
KEPT = torch.tensor([[2, 0], [1, 3], [0, 1]])
images = scattered(3 * 3 * 16 * 16, 0).reshape(3, 3, 16, 16)


class Tower(torch.nn.Module):
    """`trunk` and `head.proj`, as open_clip's TimmModel names them."""

    def __init__(self, name, embed_dim):
        super().__init__()
        self.trunk = timm.create_model(name, **SIZES).double()
        self.head = torch.nn.Sequential()
        if embed_dim is not None:
            self.head.add_module("proj", torch.nn.Linear(128, embed_dim, bias=False))

    def embed(self, kept=None):
        """The tokens after the last norm and the pooled feature; of the kept patches only, if they are named."""
        x = self.trunk.patch_embed(images)
        x = self.trunk._pos_embed(x)
        if kept is not None:
            prefix = self.trunk.num_prefix_tokens
            rows = (kept + prefix).unsqueeze(-1).expand(-1, -1, x.shape[-1])
            x = torch.cat([x[:, :prefix], x.gather(1, rows)], 1)
        x = self.trunk.norm(self.trunk.blocks(self.trunk.norm_pre(x)))
        return x, self.trunk.forward_head(x, pre_logits=True)


result = {}
for case, (name, embed_dim) in CASES.items():
    tower = Tower(name, embed_dim).double()
    tower.eval()
    for parameter_name, parameter in tower.named_parameters():
        parameter.data = value(parameter_name, parameter.shape)
    tokens, pooled = tower.embed()
    embedding = tower.head(pooled)
    # The pieces above are those of the whole model.
    assert torch.allclose(embedding, tower.head(tower.trunk(images)), atol=1e-12)
    weight = torch.cos(torch.arange(embedding.numel())).reshape(embedding.shape)
    loss = (embedding * weight).sum()
    loss.backward()
    patches = tokens[:, tower.trunk.num_prefix_tokens :]
    result[case] = {
        "parameters": {n: list(p.shape) for n, p in tower.named_parameters()},
        "embedding": digits(embedding.flatten().tolist(), 9),
        "tokens": summary(patches, count=9),
        "pooled": summary(pooled, count=9),
        "kept": digits(tower.head(tower.embed(KEPT)[1]).flatten().tolist(), 9),
        "loss": loss.item(),
        "gradients": {n: summary(p.grad, count=9) for n, p in tower.named_parameters() if p.grad is not None},
    }
assert math.isfinite(sum(one["loss"] for one in result.values()))
print(json.dumps(result))
