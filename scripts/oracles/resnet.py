"""Embeddings, gradients and running statistics of open_clip's modified ResNet at a small size.

Run: python scripts/oracles/resnet.py > tests/fixtures/resnet.json
Made with Python 3.11, torch 2.15, open_clip 3.3 on CPU, float64. The weights are not stored: both sides compute them from
the parameter's name (see `value`). Three passes over the same images: in evaluation, in training, and in training with a
frozen stem and first stage. As in open_clip, their batch statistics are frozen too.
"""

import json
import math

import torch
from formula import offset_of, scattered, summary
from open_clip.modified_resnet import ModifiedResNet
from open_clip.utils import freeze_batch_norm_2d

FROZEN = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "layer1")
BATCH, SIDE = 4, 64


def value(name: str, shape: torch.Size) -> torch.Tensor:
    """Pseudo-random numbers in (-1, 1) that depend on the name, times 0.3 for a vector and 2 / sqrt(fan in) for a matrix or
    convolution. Gains and running variances are near 1."""
    scale = 0.3 if len(shape) < 2 else 2.0 / math.sqrt(math.prod(shape[1:]))
    values = scale * scattered(math.prod(shape), offset_of(name))
    is_norm = "bn" in name or "downsample.1" in name
    if is_norm and name.endswith(("weight", "running_var")):
        values = 1 + values
    return values.reshape(shape)


def build() -> ModifiedResNet:
    model = ModifiedResNet(layers=(1, 2, 1, 1), output_dim=16, heads=8, image_size=SIDE, width=16).double()
    for name, tensor in model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(value(name, tensor.shape))
    return model


def run(model: ModifiedResNet) -> dict:
    images = scattered(BATCH * 3 * SIDE * SIDE, 0).reshape(BATCH, 3, SIDE, SIDE)
    grids = []
    hook = model.layer4.register_forward_hook(lambda _module, _inputs, output: grids.append(output.detach()))
    embedding = model(images)
    hook.remove()
    weight = torch.cos(torch.arange(BATCH * 16, dtype=torch.float64)).reshape(BATCH, 16)
    loss = (embedding * weight).sum()
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    buffers = {name: b for name, b in model.named_buffers() if not name.endswith("num_batches_tracked")}
    tokens = grids[0].flatten(2).transpose(1, 2)
    return {
        "embedding": embedding.flatten().tolist(),
        "tokens": summary(tokens),
        "loss": loss.item(),
        "gradients": {name: summary(gradient) for name, gradient in gradients.items()},
        "buffers": {name: summary(buffer) for name, buffer in buffers.items()},
    }


def frozen(model: ModifiedResNet) -> ModifiedResNet:
    for name in FROZEN:
        module = getattr(model, name)
        for parameter in module.parameters():
            parameter.requires_grad = False
        setattr(model, name, freeze_batch_norm_2d(module))
    return model


torch.set_default_dtype(torch.float64)
shapes = {
    name: list(tensor.shape)
    for name, tensor in build().state_dict().items()
    if not name.endswith("num_batches_tracked")
}
print(
    json.dumps(
        {
            "shapes": shapes,
            "evaluation": run(build().eval()),
            "training": run(build().train()),
            "frozen": run(frozen(build().train())),
        }
    )
)
