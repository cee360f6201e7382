"""PyTorch's side of bench:step: `python3 torch_step.py SPEC`. SPEC is JSON: contender (torch or torch-compile), what (step,
forward or product), threads, and the fields of that work; for a step also device and autocast (bfloat16). `timm` names an image
tower of timm. Prints a line when it is ready, then answers each line "run N" on
stdin with a line of JSON: the milliseconds of N steps, their results and the peak memory.
"""

import json
import math
import os
import resource
import sys
import time

import numpy
import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "oracles"))
import torch_methods as methods

TYPES = {"F32": numpy.float32, "I32": numpy.int32}
MAX_LOG_SCALE = math.log(100)


def say(value):
    print(json.dumps(value), flush=True)


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
    header.pop("__metadata__", None)
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        kind = TYPES[entry["dtype"]]
        values = numpy.fromfile(path, kind, (end - begin) // 4, offset=start + begin)
        yield name, torch.from_numpy(values.reshape(entry["shape"]))


def read_batches(path):
    """Converts tensors for PyTorch: images with channels first, 64-bit indices. The copies are made here, outside the steps."""
    batches = {}
    for key, value in read_safetensors(path):
        at, name = key.split("/", 1)
        if value.dim() == 4:
            value = value.permute(0, 3, 1, 2).contiguous()
        batches.setdefault(int(at), {})[name.removeprefix("input/")] = value.long() if value.dtype == torch.int32 else value
    return [batches[at] for at in sorted(batches)]


def schedule(step, training):
    peak, warmup, total = training["learningRate"], training["warmup"], training["steps"]
    if step < warmup:
        return peak * (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) * peak


def timm_tower(name, p):
    """timm's own tower with open_clip's projection, on the parameters of `p`: returns pooled features for images."""
    import timm

    trunk = timm.create_model(name, pretrained=False, drop_path_rate=0.0)
    trunk.reset_classifier(0)
    for key in dict(trunk.named_parameters()):
        owner, _, leaf = key.rpartition(".")
        setattr(trunk.get_submodule(owner), leaf, p["visual.trunk." + key])
    return trunk


class TimmImage:
    """As `torch_methods.Image`, with timm's tower."""

    def __init__(self, trunk, p, x):
        self.p, self.features = p, trunk(x)

    def pooled(self):
        return self.features

    def embedding(self):
        return F.linear(self.features, self.p["visual.head.proj.weight"])


def training_step(spec, compile):
    training, trainable = spec["training"], set(spec["trainable"])
    device = spec.get("device", "cpu")
    p = {name: torch.nn.Parameter(value.to(device), name in trainable) for name, value in read_safetensors(spec["files"]["weights"])}
    batches = [{name: value.to(device) for name, value in batch.items()} for batch in read_batches(spec["files"]["batches"])]
    trained = {name: one for name, one in p.items() if one.requires_grad}
    tables = ("positional_embedding", "relative_position_bias_table")
    decays = lambda name: trained[name].dim() >= 2 and not name.endswith(tables)
    groups = [
        {"params": [one for name, one in trained.items() if decays(name) == flag], "weight_decay": training["weightDecay"] * flag}
        for flag in (True, False)
    ]
    # The fused kernel is the fastest of PyTorch's AdamW implementations on the CPU.
    betas = (training["beta1"], training["beta2"])
    optimizer = torch.optim.AdamW(groups, lr=training["learningRate"], betas=betas, eps=training["epsilon"], fused=True)
    scales = [one for name, one in trained.items() if name.split(".")[-1] == "logit_scale"]
    loss_of = methods.LOSSES[spec["method"]]
    if spec.get("timm"):
        trunk = timm_tower(spec["timm"], p)
        loss_of = lambda p, batch: methods.contrast(p, TimmImage(trunk, p, batch["images"]), methods.Text(p, batch["ids"]))
    run = compile(lambda batch: loss_of(p, batch))

    def step(at):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=spec.get("autocast", False)):
            loss = run(batches[at % len(batches)])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), training["clipNorm"], foreach=True)
        for group in optimizer.param_groups:
            group["lr"] = schedule(at, training)
        optimizer.step()
        with torch.no_grad():
            for scale in scales:
                scale.clamp_(0, MAX_LOG_SCALE)
        return loss.item()

    return step


def forward(spec, compile):
    """A tower as evaluation runs it: embeddings of unit length, and the features before the projection."""
    batches = read_batches(spec["files"]["batches"])
    tower, given = (methods.Image, "images") if spec["tower"] == "image" else (methods.Text, "ids")
    p = dict(read_safetensors(spec["files"]["weights"]))
    if spec["tower"] == "image" and spec.get("timm"):
        p = {name: torch.nn.Parameter(value, False) for name, value in p.items()}
        trunk = timm_tower(spec["timm"], p)
        tower = lambda p, x: TimmImage(trunk, p, x)

    def embed(x):
        output = tower(p, x)
        return F.normalize(output.embedding(), dim=-1), output.pooled()

    run = compile(embed)

    def step(at):
        with torch.inference_mode():
            return run(batches[at % len(batches)][given])[0][0].tolist()

    return step


def product(spec, _compile):
    """One large matrix product with a preallocated output, the fastest that the library can be."""
    m, k, n = spec["shape"]
    left, right, result = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)

    def step(_at):
        torch.mm(left, right, out=result)
        return result[0, 0].item()

    return step


WORK = {"step": training_step, "forward": forward, "product": product}
spec = json.loads(sys.argv[1])
torch.set_num_threads(spec["threads"])
compile = torch.compile if spec["contender"] == "torch-compile" else lambda function: function
begun = time.perf_counter()
step = WORK[spec["what"]](spec, compile)
say({"ready": time.perf_counter() - begun, "version": torch.__version__})
done = 0
for line in sys.stdin:
    ms, results = [], []
    for _ in range(int(line.split()[1])):
        start = time.perf_counter()
        try:
            results.append(step(done))
        except Exception as error:
            # torch.compile may fail, for example without a C++ compiler: report the reason. A failure of an eager step is a bug.
            if spec["contender"] != "torch-compile":
                raise
            say({"unavailable": f"{type(error).__name__}: {error}".split("\n")[0]})
            sys.exit(0)
        ms.append((time.perf_counter() - start) * 1e3)
        done += 1
    # Device memory of the tensors at most, where there is a GPU.
    device = {"deviceMiB": torch.cuda.max_memory_allocated() / 2**20} if torch.cuda.is_available() else {}
    say({"ms": ms, "results": results, **device, "peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})
