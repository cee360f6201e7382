"""Makes packages/evaluation/fixtures/{adamw,mlp}.json: a linear layer trained as in LAION's CLIP_benchmark,
and the perceptron of the answer head without dropout. Both by PyTorch in 64 bits.

Run: python scripts/oracles/classifiers.py   (made with PyTorch 2.15.0, NumPy 2.4.6, Python 3.11)
"""
import json
import math
import pathlib

import numpy as np
import torch

OUT = pathlib.Path(__file__).parents[2] / "packages/evaluation/fixtures"
N, D, K, EPOCHS, BATCH, RATE = 70, 6, 3, 4, 32, 0.1


def main():
    rng = np.random.default_rng(0)
    y = rng.integers(0, K, N)
    x = (rng.normal(size=(N, D)) + 0.8 * np.eye(K, D)[y]).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    start = rng.uniform(-1, 1, size=(K, D)) / math.sqrt(D)
    bias = rng.uniform(-1, 1, size=K) / math.sqrt(D)
    orders = [rng.permutation(N) for _ in range(EPOCHS)]
    cases = []
    for decay in [0.0, 0.5]:
        layer = torch.nn.Linear(D, K).double()
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(start))
            layer.bias.copy_(torch.tensor(bias))
        optimizer = torch.optim.AdamW(layer.parameters(), lr=RATE, weight_decay=decay)
        steps, step = EPOCHS * math.ceil(N / BATCH), 0
        for order in orders:
            for begin in range(0, N, BATCH):
                batch = order[begin : begin + BATCH]
                for group in optimizer.param_groups:
                    group["lr"] = 0.5 * (1 + math.cos(math.pi * step / steps)) * RATE
                step += 1
                optimizer.zero_grad()
                logits = layer(torch.tensor(x[batch]).double())
                torch.nn.functional.cross_entropy(logits, torch.tensor(y[batch])).backward()
                optimizer.step()
        cases.append(
            {
                "weightDecay": decay,
                "weights": layer.weight.detach().numpy().ravel().tolist(),
                "intercepts": layer.bias.detach().numpy().tolist(),
            }
        )
    fixture = {
        "classes": K,
        "features": D,
        "recipe": {"epochs": EPOCHS, "batchSize": BATCH, "learningRate": RATE},
        "x": [float(v) for v in x.ravel()],
        "y": y.tolist(),
        "start": {"weights": start.ravel().tolist(), "intercepts": bias.tolist()},
        "orders": [order.tolist() for order in orders],
        "cases": cases,
    }
    (OUT / "adamw.json").write_text(json.dumps(fixture) + "\n")


def perceptron():
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    inputs, hidden, classes, n, epochs = 7, 10, 5, 150, 3
    y = rng.integers(0, classes, n)
    x = (rng.normal(size=(n, inputs)) + np.eye(classes, inputs)[y]).astype(np.float32)
    net = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes)).double()
    flat = lambda: torch.cat([p.detach().flatten() for p in net.parameters()]).numpy().tolist()
    start = flat()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.01)
    orders = [rng.permutation(n) for _ in range(epochs)]
    for order in orders:
        for begin in range(0, n, 64):
            batch = order[begin : begin + 64]
            optimizer.zero_grad()
            logits = net(torch.tensor(x[batch]).double())
            torch.nn.functional.cross_entropy(logits, torch.tensor(y[batch])).backward()
            optimizer.step()
    fixture = {
        "sizes": [inputs, hidden, classes],
        "x": [float(v) for v in x.ravel()],
        "y": y.tolist(),
        "start": start,
        "orders": [order.tolist() for order in orders],
        "end": flat(),
        "predicted": net(torch.tensor(x).double()).argmax(1).tolist(),
    }
    (OUT / "mlp.json").write_text(json.dumps(fixture) + "\n")


main()
perceptron()
