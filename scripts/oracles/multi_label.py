"""Makes packages/evaluation/fixtures/multi-label.json: metrics of images with several labels by scikit-learn, the
variance of AUROC after DeLong et al. (1988) from all pairs of examples, logistic regressions by scikit-learn, and a
linear layer trained by AdamW on the binary cross-entropy, written in NumPy.

Run: python scripts/oracles/multi_label.py   (made with NumPy 2.4.6, scikit-learn 1.9.1, Python 3.11)
"""
import json
import math
import pathlib

import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

OUT = pathlib.Path(__file__).parents[2] / "packages/evaluation/fixtures/multi-label.json"


def placements(y, s):
    """Share of the other group that each example beats, from all pairs; ties count one half."""
    pos, neg = s[y == 1], s[y == 0]
    wins = (pos[:, None] > neg[None]) + 0.5 * (pos[:, None] == neg[None])
    return wins.mean(1), wins.mean(0)


def case(rng, n, labels, ties, weights):
    y = (rng.random((n, labels)) < rng.uniform(0.1, 0.6, labels)).astype(int)
    y[0], y[1] = 1, 0
    s = rng.normal(size=(n, labels)) + y
    if ties:
        s = np.round(s)
    w = rng.integers(0, 3, n) if weights else np.ones(n, int)
    w[:2] = 1
    of = lambda f: [float(f(y[:, k], s[:, k], sample_weight=w)) for k in range(labels)]
    auc, ap = of(metrics.roc_auc_score), of(metrics.average_precision_score)
    out = {
        "labels": labels,
        "targets": y.ravel().tolist(),
        "scores": s.ravel().tolist(),
        "counts": w.tolist(),
        "auc": auc,
        "ap": ap,
    }
    if not weights:
        out["macroAuc"] = metrics.roc_auc_score(y, s, average="macro")
        out["meanAp"] = metrics.average_precision_score(y, s, average="macro")
        out["rankingAp"] = metrics.label_ranking_average_precision_score(y, s)
        # DeLong's covariance between labels of the same examples, summed for the variance of the mean.
        influence = np.zeros((n, labels))
        for k in range(labels):
            v, u = placements(y[:, k], s[:, k])
            influence[y[:, k] == 1, k] = (v - auc[k]) / len(v)
            influence[y[:, k] == 0, k] = (u - auc[k]) / len(u)
        out["macroAucVariance"] = float((influence.mean(1) ** 2).sum())
    return out


def layer(rng):
    n, d, k, epochs, batch, rate, decay = 70, 6, 3, 4, 32, 0.1, 0.5
    y = (rng.random((n, k)) < 0.4).astype(float)
    x = (rng.normal(size=(n, d)) + 0.8 * y @ np.eye(k, d)).astype(np.float32)
    weights, bias = (rng.uniform(-1, 1, size=s) / math.sqrt(d) for s in ((k, d), k))
    start = {"weights": weights.ravel().tolist(), "intercepts": bias.tolist()}
    orders = [rng.permutation(n) for _ in range(epochs)]
    p = np.concatenate([weights.ravel(), bias])
    m, v = np.zeros_like(p), np.zeros_like(p)
    steps, step = epochs * math.ceil(n / batch), 0
    for order in orders:
        for begin in range(0, n, batch):
            rows = order[begin : begin + batch]
            xb, yb = x[rows].astype(float), y[rows]
            z = xb @ p[: k * d].reshape(k, d).T + p[k * d :]
            g = (1 / (1 + np.exp(-z)) - yb) / yb.size
            g = np.concatenate([(g.T @ xb).ravel(), g.sum(0)])
            lr = 0.5 * (1 + math.cos(math.pi * step / steps)) * rate
            step += 1
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            p = p * (1 - lr * decay) - lr * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return {
        "features": d,
        "labels": k,
        "recipe": {"epochs": epochs, "batchSize": batch, "learningRate": rate},
        "weightDecay": decay,
        "x": [float(value) for value in x.ravel()],
        "targets": y.astype(int).ravel().tolist(),
        "start": start,
        "orders": [order.tolist() for order in orders],
        "weights": p[: k * d].tolist(),
        "intercepts": p[k * d :].tolist(),
    }


def logistic(rng):
    n, test, d, k, C = 120, 30, 5, 3, 0.5
    y = (rng.random((n + test, k)) < 0.4).astype(int)
    x = (rng.normal(size=(n + test, d)) + 0.8 * y @ np.eye(k, d)).astype(np.float32)
    scores = [
        LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(x[:n].astype(float), y[:n, j]).decision_function(x[n:].astype(float))
        for j in range(k)
    ]
    return {
        "features": d,
        "labels": k,
        "C": C,
        "x": [float(value) for value in x.ravel()],
        "targets": y.ravel().tolist(),
        "train": n,
        "scores": np.stack(scores, 1).ravel().tolist(),
    }


rng = np.random.default_rng(0)
OUT.write_text(
    json.dumps(
        {
            "metrics": [case(rng, 60, 4, t, w) for t in (False, True) for w in (False, True)],
            "layer": layer(rng),
            "logistic": logistic(rng),
        }
    )
    + "\n"
)
