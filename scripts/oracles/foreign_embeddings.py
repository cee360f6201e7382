"""Embeddings of a PyTorch model that is independent of medbench, with figures by scikit-learn and NumPy.

Run:
    medbench embed --inputs --preset demo --tasks phantom-global,phantom-retrieval --out to-embed
    python scripts/oracles/foreign_embeddings.py to-embed .medbench/phantoms/phantoms
Made with Python 3.11, torch 2.15, NumPy 2.4.6, scikit-learn 1.9.1, Pillow 13.0 on CPU.

Writes tests/fixtures/foreign-embeddings/<task>/<array>.npy and tests/fixtures/foreign-embeddings.json. The towers have
random weights, from a seed with which zero-shot predicts eight of the ten classes. Embeddings of images are not normalised,
as some models return them. Labels come from the tables of the generated data, not from medbench.
"""

import json
import pathlib
import re
import sys
import zlib

import numpy as np
import torch
from PIL import Image
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from torch import nn

OUT = pathlib.Path(__file__).parents[2] / "tests/fixtures"
FEATURES, WIDTH, WORDS = 12, 8, 512
LOGIT_SCALE = 20.0
GRID = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000]
MODALITIES = ["radiology", "histopathology", "dermatology", "ophthalmology", "ultrasound"]
SECOND_VALUES = {"enlarged", "dark", "high"}


class ImageTower(nn.Module):
    """Images [N, 3, 64, 64] to features [N, FEATURES] and embeddings [N, WIDTH]."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=2),
            nn.ReLU(),
            nn.Conv2d(8, FEATURES, 3, stride=2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.BatchNorm1d(FEATURES, momentum=None),
        )
        self.projection = nn.Linear(FEATURES, WIDTH)

    def forward(self, images):
        features = self.body(images)
        return features, self.projection(features)


class TextTower(nn.Module):
    """Texts to unit rows [N, WIDTH]: a hashed bag of words through a linear layer."""

    def __init__(self):
        super().__init__()
        self.projection = nn.Linear(WORDS, WIDTH, bias=False)

    def forward(self, texts):
        bags = torch.zeros(len(texts), WORDS)
        for bag, text in zip(bags, texts):
            for word in re.findall(r"[a-z]+", text.lower()):
                bag[zlib.crc32(word.encode()) % WORDS] += 1
        return nn.functional.normalize(self.projection(bags), dim=1)


def read_images(folder):
    files = sorted(folder.glob("*.png"))
    stacked = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 255


def labels(table):
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    second = [next(iter(row["factors"].values())) in SECOND_VALUES for row in rows]
    return np.array([2 * MODALITIES.index(row["modality"]) + value for row, value in zip(rows, second)])


def unit(rows):
    rows = rows.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def classification(y, predicted, probabilities):
    return {
        "accuracy": metrics.accuracy_score(y, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted),
        "auc": metrics.roc_auc_score(y, probabilities, multi_class="ovr", average="macro"),
        "f1": metrics.f1_score(y, predicted, average="macro"),
    }


def zero_shot(images, prompts, y):
    """Zero-shot: prompts and their mean per class have unit length; softmax of cosine times scale."""
    classes = y.max() + 1
    weights = unit(unit(prompts).reshape(classes, -1, WIDTH).mean(1))
    logits = LOGIT_SCALE * unit(images) @ weights.T
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    predicted = logits.argmax(1)
    return {"metrics": classification(y, predicted, probabilities), "predicted": predicted.tolist()}


def fit(x, y, C):
    return LogisticRegression(C=C, tol=1e-10, max_iter=100000).fit(x, y)


def probe(x, y):
    """Selects C by validation accuracy, the smallest among equals, then fits training and validation data together."""
    sweep = [fit(x["train"], y["train"], C).score(x["val"], y["val"]) for C in GRID]
    C = GRID[int(np.argmax(sweep))]
    both = np.concatenate
    model = fit(both([x["train"], x["val"]]), both([y["train"], y["val"]]), C)
    predicted = model.predict(x["test"])
    probabilities = model.predict_proba(x["test"])
    top = np.sort(probabilities, 1)
    return {
        "C": C,
        "sweep": sweep,
        "metrics": classification(y["test"], predicted, probabilities),
        "predicted": predicted.tolist(),
        # The distance of the closest decision. The fits of two solvers must differ by less.
        "margin": float((top[:, -1] - top[:, -2]).min()),
    }


def retrieval(images, texts):
    """Recall@k of the pairs (i, i) in both directions. A negative with the same score ranks first."""
    scores = unit(images) @ unit(texts).T
    own = scores.diagonal()
    ranks = {"i2t": (scores >= own[:, None]).sum(1), "t2i": (scores >= own[None, :]).sum(0)}
    recall = {f"{way}_recall@{k}": float((r <= k).mean()) for way, r in ranks.items() for k in (1, 5, 10, 50, 200)}
    return {**recall, **{f"{way}_median_rank": float(np.median(r)) for way, r in ranks.items()}}


def save(task, given, arrays, **entries):
    """Writes the arrays of a task, and its embeddings.json with the fields that a user of a model adds."""
    folder = OUT / "foreign-embeddings" / task
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array, dtype=np.float32))
    manifest = json.loads((given / task / "embeddings.json").read_text())
    (folder / "embeddings.json").write_text(json.dumps({**manifest, **entries}, indent=1) + "\n")


def main():
    given, tables = map(pathlib.Path, sys.argv[1:3])
    torch.manual_seed(6)
    image_tower, text_tower = ImageTower(), TextTower()
    texts = lambda task, name: text_tower(json.loads((given / task / f"{name}.json").read_text())).numpy()
    with torch.no_grad():
        # One pass over the training images gives the normalisation its statistics.
        image_tower.train()(read_images(given / "phantom-global/train"))
        image_tower.eval()
        embedded = {s: image_tower(read_images(given / "phantom-global" / s)) for s in ("train", "val", "test")}
        gallery = image_tower(read_images(given / "phantom-retrieval/test"))[1].numpy()
        prompts, captions = texts("phantom-global", "prompts"), texts("phantom-retrieval", "captions")
    features = {split: pair[0].numpy() for split, pair in embedded.items()}
    images = {split: pair[1].numpy() for split, pair in embedded.items()}
    classified = {"prompts.texts": prompts}
    classified |= {f"{split}.features": array for split, array in features.items()}
    classified |= {f"{split}.images": array for split, array in images.items()}
    save("phantom-global", given, classified, model="random-torch", logitScale=LOGIT_SCALE)
    save("phantom-retrieval", given, {"test.images": gallery, "captions.texts": captions}, model="random-torch")

    y = {split: labels(tables / f"{split}.jsonl") for split in features}
    figures = {
        "labels": y["test"].tolist(),
        "zero-shot": zero_shot(images["test"], prompts, y["test"]),
        "linear-probe": probe({split: array.astype(np.float64) for split, array in features.items()}, y),
        "projected-probe": probe({split: unit(array) for split, array in images.items()}, y),
        "retrieval": retrieval(gallery, captions),
    }
    (OUT / "foreign-embeddings.json").write_text(json.dumps(figures) + "\n")


main()
