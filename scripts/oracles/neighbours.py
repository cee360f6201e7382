"""Makes packages/evaluation/fixtures/neighbours.json: votes of nearest neighbours, distances to the nearest centroids
of SimpleShot, and zero-shot accuracies of single templates.

Run: python scripts/oracles/neighbours.py   (made with scikit-learn 1.9.1, NumPy 2.4.6, Python 3.11)

Votes are by scikit-learn's KNeighborsClassifier, centroids by its NearestCentroid, accuracies by its metrics, all in 64
bits. The features are in 32 bits, as medbench gets them. Equal votes go to the lowest class in both.
"""
import json
import pathlib

import numpy as np
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

OUT = pathlib.Path(__file__).parents[2] / "packages/evaluation/fixtures/neighbours.json"
CLASSES, D, TRAIN, VAL, TEST, TEMPLATES = 4, 6, 90, 30, 40, 5
GRID, TEMPERATURE = [1, 3, 10, 50], 0.07


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def votes(train, y, queries, k, weights):
    model = KNeighborsClassifier(k, weights=weights, metric="cosine", algorithm="brute").fit(train, y)
    return model.predict_proba(queries)


def softmax_votes(distances):
    return np.exp((1 - distances) / TEMPERATURE)


def neighbours(x, y):
    cases = []
    for name, weights in [("softmax", softmax_votes), ("majority", "uniform")]:
        sweep = [votes(x["train"], y["train"], x["val"], k, weights).argmax(1) for k in GRID]
        accuracies = [accuracy_score(y["val"], predicted) for predicted in sweep]
        chosen = GRID[int(np.argmax(accuracies))]
        shares = {str(k): votes(x["train"], y["train"], x["test"], k, weights) for k in GRID}
        predicted = shares[str(chosen)].argmax(1)
        cases.append({
            "vote": name,
            "shares": {k: share.ravel().tolist() for k, share in shares.items()},
            "validation": accuracies,
            "k": chosen,
            "accuracy": accuracy_score(y["test"], predicted),
            "balanced_accuracy": balanced_accuracy_score(y["test"], predicted),
        })
    return cases


def centroids(x, y):
    mean = x["train"].mean(0)
    transforms = {"un": lambda a: a, "l2n": unit, "cl2n": lambda a: unit(a - mean)}
    cases = []
    for name, transform in transforms.items():
        train, test = transform(x["train"]), transform(x["test"])
        model = NearestCentroid().fit(train, y["train"])
        squares = ((test[:, None, :] - model.centroids_[None]) ** 2).sum(2)
        predicted = model.predict(test)
        assert (predicted == squares.argmin(1)).all()
        cases.append({
            "transform": name,
            "centroids": model.centroids_.ravel().tolist(),
            "squares": squares.ravel().tolist(),
            "accuracy": accuracy_score(y["test"], predicted),
            "balanced_accuracy": balanced_accuracy_score(y["test"], predicted),
        })
    return cases


def templates(images, texts, y):
    """Texts are ordered by class, then by template."""
    reached = []
    for t in range(TEMPLATES):
        predicted = (unit(images) @ unit(texts[t::TEMPLATES]).T).argmax(1)
        reached.append([accuracy_score(y, predicted), balanced_accuracy_score(y, predicted)])
    reached = np.array(reached)
    spread = lambda v: {"mean": v.mean(), "min": v.min(), "max": v.max(), "sd": v.std(ddof=1)}
    return {"accuracies": reached[:, 0].tolist(), "accuracy": spread(reached[:, 0]),
            "balanced_accuracy": spread(reached[:, 1])}


def main():
    rng = np.random.default_rng(0)
    sizes = {"train": TRAIN, "val": VAL, "test": TEST}
    y = {split: rng.choice(CLASSES, n, p=[0.5, 0.25, 0.15, 0.1]) for split, n in sizes.items()}
    x = {split: (rng.normal(size=(n, D)) + 1.2 * np.eye(CLASSES, D)[y[split]] + 0.5).astype(np.float32)
         for split, n in sizes.items()}
    texts = (rng.normal(size=(CLASSES * TEMPLATES, D)) + 1.5 * np.eye(CLASSES, D).repeat(TEMPLATES, 0)).astype(np.float32)
    wide = {split: rows.astype(np.float64) for split, rows in x.items()}
    fixture = {
        "classes": CLASSES,
        "features": D,
        "grid": GRID,
        "x": {split: rows.ravel().tolist() for split, rows in wide.items()},
        "y": {split: labels.tolist() for split, labels in y.items()},
        "texts": texts.astype(np.float64).ravel().tolist(),
        "templates": TEMPLATES,
        "neighbours": neighbours(wide, y),
        "centroids": centroids(wide, y),
        "sensitivity": templates(wide["test"], texts.astype(np.float64), y["test"]),
    }
    OUT.write_text(json.dumps(fixture) + "\n")


main()
