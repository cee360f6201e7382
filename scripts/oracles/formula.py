"""Shared by the oracles: weights and inputs from a formula, so that none are stored, and short records of tensors.

The TypeScript side has the same formula in packages/nn/src/testing/towers.ts.
"""

import math

import torch


def scattered(count: int, offset: float) -> torch.Tensor:
    """Pseudo-random numbers in (-1, 1)."""
    wave = (torch.sin(12.9898 * (torch.arange(count, dtype=torch.float64) + 1) + offset) * 43758.5453).abs()
    return 2 * (wave - wave.floor()) - 1


def offset_of(name: str) -> int:
    return sum(ord(letter) for letter in name) % 1000


def value(name: str, shape) -> torch.Tensor:
    """A weight that depends on its name: pseudo-random numbers times 1.5 / sqrt(last side) for matrices, times 0.3 otherwise; gains near 1."""
    if name.endswith("logit_scale"):
        return torch.tensor(2.0, dtype=torch.float64)
    scale = 0.3 if len(shape) < 2 else 1.5 / math.sqrt(shape[-1])
    values = scale * scattered(math.prod(shape), offset_of(name)).reshape(tuple(shape))
    is_gain = name.endswith("weight") and any(part in name for part in ("ln_", "norm", "Norm", "layrnorm", ".bn"))
    return 1 + values if is_gain else values


def digits(values, count: int = 17):
    return [float(f"{x:.{count}g}") for x in values]


def summary(tensor: torch.Tensor, ends: int = 4, count: int = 17) -> dict:
    """The norm, the first values and the last values of a tensor."""
    flat = tensor.detach().flatten()
    norm = float(f"{flat.norm().item():.{count}g}")
    return {"norm": norm, "first": digits(flat[:ends].tolist(), count), "last": digits(flat[-ends:].tolist(), count)}


def towers(image: torch.Tensor, text: torch.Tensor, named_parameters) -> dict:
    """The record of two towers: embeddings, a scalar loss of them, and its gradient by every parameter."""
    parameters = dict(named_parameters)
    weight = torch.cos(torch.arange(image.numel(), dtype=torch.float64)).reshape(image.shape)
    loss = (image * weight).sum() + (text * weight.flip(0)).sum()
    loss.backward()
    return {
        "parameters": {name: list(parameter.shape) for name, parameter in parameters.items()},
        "image": image.flatten().tolist(),
        "text": text.flatten().tolist(),
        "loss": loss.item(),
        "gradients": {name: summary(p.grad) for name, p in parameters.items() if p.grad is not None},
    }
