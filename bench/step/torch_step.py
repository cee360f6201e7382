"""The same step in PyTorch eager on the CPU: `python3 torch_step.py SPEC FILE`, then lines "run N" on stdin; each is
answered by a line of JSON with the milliseconds of N steps, the losses and the peak memory.

SPEC is JSON: sizes, parameters (name, shape), optimizer, batch, batches, threads. FILE holds the start (start.mjs).
"""

import json
import math
import resource
import sys
import time

import numpy
import torch
import torch.nn.functional as F

spec = json.loads(sys.argv[1])
torch.set_num_threads(spec["threads"])
sizes, opt, batch = spec["sizes"], spec["optimizer"], spec["batch"]
raw = numpy.fromfile(sys.argv[2], dtype=numpy.float32)
at = 0


def take(shape, dtype=numpy.float32):
    global at
    size = math.prod(shape)
    values = raw[at : at + size].view(dtype).reshape(shape).copy()
    at += size
    return torch.from_numpy(values)


p = {name: torch.nn.Parameter(take(shape)) for name, shape, _ in spec["parameters"]}
batches = []
for _ in range(spec["batches"]):
    images = take([batch, sizes["image"], sizes["image"], 3])
    batches.append((images, take([batch, sizes["tokens"]], numpy.int32).long()))


def block(x, name, causal):
    rows, tokens, width = x.shape
    h = F.layer_norm(x, (width,), p[name + ".ln_1.weight"], p[name + ".ln_1.bias"])
    qkv = F.linear(h, p[name + ".attn.in_proj_weight"], p[name + ".attn.in_proj_bias"])
    q, k, v = qkv.view(rows, tokens, 3, width // 64, 64).permute(2, 0, 3, 1, 4)
    h = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    h = h.transpose(1, 2).reshape(rows, tokens, width)
    x = x + F.linear(h, p[name + ".attn.out_proj.weight"], p[name + ".attn.out_proj.bias"])
    h = F.layer_norm(x, (width,), p[name + ".ln_2.weight"], p[name + ".ln_2.bias"])
    h = F.linear(h, p[name + ".mlp.c_fc.weight"], p[name + ".mlp.c_fc.bias"])
    h = h * torch.sigmoid(1.702 * h)
    return x + F.linear(h, p[name + ".mlp.c_proj.weight"], p[name + ".mlp.c_proj.bias"])


def encode_image(images):
    patch, side = sizes["patch"], sizes["image"] // sizes["patch"]
    x = images.view(batch, side, patch, side, patch * 3).transpose(2, 3).reshape(batch, side * side, patch * patch * 3)
    x = F.linear(x, p["visual.patch.weight"], p["visual.patch.bias"])
    x = torch.cat([p["visual.class_embedding"].expand(batch, -1, -1), x], 1) + p["visual.positional_embedding"]
    for i in range(sizes["blocks"]):
        x = block(x, f"visual.blocks.{i}", False)
    return F.linear(x[:, 0], p["visual.proj"])


def encode_text(ids):
    x = F.embedding(ids, p["token_embedding"]) + p["positional_embedding"]
    for i in range(sizes["textBlocks"]):
        x = block(x, f"blocks.{i}", True)
    return F.linear(x[:, -1], p["text_projection"])


target = torch.arange(batch)


def loss_of(images, ids):
    u, w = F.normalize(encode_image(images), dim=-1), F.normalize(encode_text(ids), dim=-1)
    logits = u @ w.t() * p["logit_scale"].exp()
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2


def decays(name):
    return p[name].dim() >= 2 and not name.endswith("positional_embedding")


groups = [
    {"params": [p[name] for name in p if decays(name)], "weight_decay": opt["decay"]},
    {"params": [p[name] for name in p if not decays(name)], "weight_decay": 0.0},
]
# The fused kernel is the fastest of PyTorch's AdamW implementations on the CPU.
optimizer = torch.optim.AdamW(
    groups, lr=opt["rate"], betas=(opt["beta1"], opt["beta2"]), eps=opt["epsilon"], fused=True
)


def schedule(step):
    if step < opt["warmup"]:
        return (step + 1) / opt["warmup"]
    return 0.5 * (1 + math.cos(math.pi * (step - opt["warmup"]) / (opt["total"] - opt["warmup"])))


scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)


def step(images, ids):
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(images, ids)
    loss.backward()
    optimizer.step()
    scheduler.step()
    with torch.no_grad():
        p["logit_scale"].clamp_(0, math.log(100))
    return loss.item()


print(json.dumps({"ready": 0, "version": torch.__version__}), flush=True)
done = 0
for line in sys.stdin:
    ms, losses = [], []
    for _ in range(int(line.split()[1])):
        given = batches[done % len(batches)]
        done += 1
        start = time.perf_counter()
        losses.append(step(*given))
        ms.append((time.perf_counter() - start) * 1e3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": ms, "losses": losses, "peakMiB": peak}), flush=True)
