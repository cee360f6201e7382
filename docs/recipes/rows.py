"""Reads the images and texts that `medbench embed --inputs` wrote, and writes the arrays that it lists. The recipes
beside this file call `embed_all` with the functions of a model.

Needs numpy and pillow.
"""

import json
import pathlib

import numpy as np
from PIL import Image


def task_folders(folder):
    """The folders of tasks: those below `folder`, or `folder` itself, that hold an embeddings.json."""
    folder = pathlib.Path(folder)
    found = [path.parent for path in sorted(folder.glob("*/embeddings.json"))]
    if (folder / "embeddings.json").exists():
        found.append(folder)
    if not found:
        raise SystemExit(f"{folder} holds no embeddings.json: write it with medbench embed --inputs --out {folder}")
    return found


def in_batches(items, size, embed):
    """Embeds `size` items at a time. Returns [N, D] in 32 bits."""
    parts = [np.asarray(embed(items[i : i + size]), np.float32) for i in range(0, len(items), size)]
    return np.concatenate(parts)


def read_image(path):
    with Image.open(path) as image:
        return image.convert("RGB")


def embed_all(folder, *, model, images, texts, features=None, logit_scale=None, batch=64):
    """Writes all arrays of all tasks below `folder`.

    model: name of the row in the table.
    images, features: functions of a list of Pillow images in RGB, which return [N, D] in the joint space and before the
        projection. Without `features`, the linear probe uses the joint space.
    texts: function of a list of strings, which returns [N, D] in the joint space.
    logit_scale: factor of cosines before a softmax. Without it, medbench takes 100.
    """
    kinds = {"images": images, "features": features, "texts": texts}
    for task in task_folders(folder):
        manifest = json.loads((task / "embeddings.json").read_text())
        for wanted in manifest["arrays"]:
            embed = kinds[wanted["array"].split(".")[-2]]
            if embed is None:
                continue
            source = task / wanted["inputs"]
            if source.is_dir():
                rows = in_batches(sorted(source.glob("*.png")), batch, lambda paths: embed([read_image(p) for p in paths]))
            else:
                rows = in_batches(json.loads(source.read_text()), batch, embed)
            if len(rows) != wanted["rows"]:
                raise SystemExit(f"{source} gave {len(rows)} rows where {wanted['rows']} are wanted")
            np.save(task / wanted["array"], rows)
        manifest["model"] = model
        if logit_scale is not None:
            manifest["logitScale"] = float(logit_scale)
        (task / "embeddings.json").write_text(json.dumps(manifest, indent=1) + "\n")
        print(f"{task}: {len(manifest['arrays'])} arrays")
