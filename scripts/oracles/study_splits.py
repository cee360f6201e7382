"""Makes the study's splits: packages/tasks-{ham10000,pad-ufes-20,bach}/assets/study-split.csv and fixtures/study-split.json.

The lists of HAM10000 and PAD-UFES-20 are those of the study's repository (github.com/afkanpour/benchmarking-contrastive,
commit 1a65231), as tables of file, label, class and split. BACH's split is drawn again by the rule of its code: the first
100 of NumPy's default_rng(0).permutation(400) are the test rows. The fixtures hold the labels in the order of the lists.

Run: python scripts/oracles/study_splits.py FOLDER   (made with NumPy 2.4.6; FOLDER holds ham10000.csv, pad-ufes-20.csv)
"""
import csv
import json
import pathlib
import sys

import numpy as np

PACKAGES = pathlib.Path(__file__).parents[2] / "packages"


def write(task, rows, classes):
    package = PACKAGES / f"tasks-{task}"
    for folder in ("assets", "fixtures"):
        (package / folder).mkdir(exist_ok=True)
    lines = ["file,split", *(f"{file},{split}" for file, _, split in rows)]
    (package / "assets/study-split.csv").write_text("\n".join(lines) + "\n")
    counts = {
        split: [sum(label == c and own == split for _, label, own in rows) for c in range(classes)]
        for split in ("train", "test")
    }
    fixture = {"counts": counts, "labels": "".join(str(label) for _, label, _ in rows)}
    (package / "fixtures/study-split.json").write_text(json.dumps(fixture) + "\n")


for task, classes in (("ham10000", 7), ("pad-ufes-20", 6)):
    with open(pathlib.Path(sys.argv[1]) / f"{task}.csv") as table:
        write(task, [(r["file"], int(r["label"]), r["split"]) for r in csv.DictReader(table)], classes)

test = set(np.random.default_rng(0).permutation(400)[:100].tolist())
names = [f"{prefix}{i:03d}.tif" for prefix in ("b", "is", "iv", "n") for i in range(1, 101)]
write("bach", [(name, i // 100, "test" if i in test else "train") for i, name in enumerate(names)], 4)
