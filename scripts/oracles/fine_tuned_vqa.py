"""Makes packages/protocols-fine-tuned-vqa/fixtures/torch.json, values of the study's answer model, and
packages/nn/fixtures/adamax.json, both by PyTorch.

Run: python scripts/oracles/fine_tuned_vqa.py
Made with torch 2.15.0 in float64. All values are by formula: entry e of a tensor, counted in row-major order, is a * sin(0.31 e + b).

ban: the bilinear attention head of the study at small size, as in `ban_head` of the study's golden values, with weight norm
(dim=None) and without dropout, and the gradients of its loss by every parameter and by its inputs.
auto_encoder: that of MEVF on one image, its code, its reconstruction loss, and the norm and three entries of each gradient.
positions: a table of 7 rows resized to 3, and one of 3 to 7, by interpolate(mode="linear").
adamax.json: ten steps of torch.optim.Adamax on gradients of a quadratic function, with the learning rate of each step.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def formula(shape, b, a=0.5, step=0.31):
    return a * torch.sin(step * torch.arange(torch.Size(shape).numel()) + b).reshape(shape)


def normed(p, name):
    v = p[name + "_v"]
    return p[name + "_g"] * v / v.norm()


def linear(p, name, x):
    return F.linear(x, normed(p, name + ".weight"), p[name + ".bias"])


def ban():
    shapes = {"attention.logits.h_bias": [1, 2, 1, 1], "attention.logits.h_mat": [1, 2, 1, 12]}
    layers = {"attention.logits.v_net.main.1": (12, 6), "attention.logits.q_net.main.1": (12, 4)}
    for g in range(2):
        layers |= {f"b_net.{g}.v_net.main.1": (4, 6), f"b_net.{g}.q_net.main.1": (4, 4)}
    layers |= {f"q_prj.{g}.main.1": (4, 4) for g in range(2)}
    layers |= {"classifier.0": (8, 4), "classifier.2": (5, 8)}
    for name, (out, width) in layers.items():
        shapes |= {name + ".weight": [out, width], name + ".bias": [out]}
    p = {}
    for i, (name, shape) in enumerate(shapes.items()):
        value = formula(shape, 0.2 + 0.5 * i)
        if name.endswith(".weight") or name.endswith("h_mat"):
            p |= {name + "_v": value, name + "_g": torch.tensor(1 + 0.1 * i)}
        else:
            p[name] = value
    image, words = formula([2, 1, 6], 0.1, 1, 0.7), formula([2, 3, 4], 2.0, 1, 0.9)
    targets = torch.tensor([[0, 1, 0, 0, 0], [0, 0, 0, 0.6, 0.3]], dtype=torch.float64)
    variables = {**p, "image": image, "words": words}
    for value in variables.values():
        value.requires_grad_()
    v = linear(p, "attention.logits.v_net.main.1", image).relu()
    q = linear(p, "attention.logits.q_net.main.1", words).relu()
    logits = (v.unsqueeze(1) * normed(p, "attention.logits.h_mat")) @ q.unsqueeze(1).transpose(2, 3)
    weights = (logits + p["attention.logits.h_bias"]).flatten(2).softmax(2).view(2, 2, 1, 3)
    v, q = linear(p, "b_net.1.v_net.main.1", image).relu(), linear(p, "b_net.1.q_net.main.1", words).relu()
    joined = torch.einsum("bvd,bvq,bqd->bd", v, weights[:, 1], q)
    fused = (linear(p, "q_prj.1.main.1", joined.unsqueeze(1)) + words).sum(1)
    answers = linear(p, "classifier.2", linear(p, "classifier.0", fused).relu())
    loss = F.binary_cross_entropy_with_logits(answers, targets, reduction="sum") / 2
    loss.backward()
    values = lambda t: t.detach().flatten().tolist()
    zero = lambda t: values(t.grad if t.grad is not None else torch.zeros_like(t))
    return {
        "values": {name: {"shape": list(t.shape), "data": values(t)} for name, t in variables.items()},
        "targets": targets.tolist(),
        "logits": answers.tolist(),
        "loss": loss.item(),
        "gradients": {name: zero(t) for name, t in variables.items()},
    }


def auto_encoder():
    channels = {"conv1": (1, 64), "conv2": (64, 32), "conv3": (32, 16), "tran_conv1": (16, 32), "conv4": (32, 32),
                "tran_conv2": (32, 64), "conv5": (64, 1)}
    p = {}
    for i, (name, (cin, cout)) in enumerate(channels.items()):
        shape = [cin, cout, 3, 3] if name.startswith("tran_") else [cout, cin, 3, 3]
        p[name + ".weight"] = formula(shape, 0.3 * i, 1.5 * (shape[1] * 9) ** -0.5, 1.7)
        p[name + ".bias"] = formula([cout], 0.3 * i + 0.1, 0.1, 1.7)
    # A part of the image is constant, so that pixels that are pooled together are equal.
    image = (formula([1, 1, 128, 128], 0.4, 0.5, 0.013) + 0.5).where(torch.arange(128).view(1, 1, 1, 128) > 40, torch.tensor(0.25))
    for t in p.values():
        t.requires_grad_()
    conv = lambda x, name: F.conv2d(x, p[name + ".weight"], p[name + ".bias"], padding=1)
    grow = lambda x, name: F.conv_transpose2d(x, p[name + ".weight"], p[name + ".bias"], stride=2, padding=1, output_padding=1)
    x = F.max_pool2d(conv(image, "conv1").relu(), 2)
    x = F.max_pool2d(conv(x, "conv2").relu(), 2)
    inner = conv(x, "conv3").relu()
    x = conv(grow(inner, "tran_conv1").relu(), "conv4").relu()
    decoded = torch.sigmoid(conv(grow(x, "tran_conv2").relu(), "conv5"))
    mse = F.mse_loss(decoded, image)
    loss = mse + (inner * torch.cos(torch.arange(inner.numel()).view_as(inner))).sum() * 1e-3
    loss.backward()
    some = lambda t: t.flatten()[[0, t.numel() // 3, t.numel() - 1]].tolist()
    return {"inner": some(inner.detach()), "inner_norm": inner.norm().item(), "decoded": some(decoded.detach()),
            "mse": mse.item(), "loss": loss.item(),
            "gradients": {name: {"norm": t.grad.norm().item(), "entries": some(t.grad)} for name, t in p.items()}}


def positions():
    cases = []
    for rows, to in [(7, 3), (3, 7), (77, 12)]:
        table = formula([rows, 2], 0.2, 1)
        resized = F.interpolate(table.T.unsqueeze(0), size=to, mode="linear").squeeze(0).T
        cases.append({"table": table.tolist(), "resized": resized.tolist()})
    return cases


def adamax():
    p = formula([4], 0.3, 1).requires_grad_()
    optimizer = torch.optim.Adamax([p], lr=1e-3)
    steps = []
    for step in range(10):
        rate = 0.01 * (1 + step % 3)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        # The last entry never gets a gradient.
        ((p[:3] - torch.tensor([0.1, -0.2, 0.3])) ** 2 * torch.tensor([1.0, 10.0, 0.1])).sum().backward()
        gradient = p.grad.tolist()
        optimizer.step()
        steps.append({"rate": rate, "gradient": gradient, "value": p.detach().tolist()})
    return {"start": formula([4], 0.3, 1).tolist(), "steps": steps}


PACKAGES = pathlib.Path(__file__).parents[2] / "packages"
for path, values in [("protocols-fine-tuned-vqa/fixtures/torch.json",
                      {"ban": ban(), "auto_encoder": auto_encoder(), "positions": positions()}),
                     ("nn/fixtures/adamax.json", adamax())]:
    (PACKAGES / path).write_text(json.dumps(values) + "\n")
