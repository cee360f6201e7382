"""Loads what medbench has pushed, for tests/push.test.ts.

Called with the folder of a model, its name on the hub that HF_ENDPOINT names, a folder of results, and a JSON file with
`images` [N, H, W, 3] and `ids` [M, L]. Prints the embeddings by open_clip, and how huggingface_hub reads the cards.
"""

import json
import sys

import open_clip
import torch
from huggingface_hub import DatasetCard, ModelCard

folder, name, results, inputs = sys.argv[1:]
with open(inputs) as file:
    given = json.load(file)
images = torch.tensor(given["images"]).permute(0, 3, 1, 2)
ids = torch.tensor(given["ids"])


def embed(source):
    model = open_clip.create_model(source).eval()
    with torch.no_grad():
        return {
            "images": model.encode_image(images, normalize=True).tolist(),
            "ids": model.encode_text(ids, normalize=True).tolist(),
        }


card = ModelCard.load(f"{folder}/README.md")
metadata = card.data.to_dict()
dataset = DatasetCard.load(f"{results}/README.md").data
try:
    import pyarrow.parquet

    tables = pyarrow.parquet.read_table(f"{results}/scores").to_pydict()
    scores = {"rows": len(tables["score"]), "mean": sum(tables["score"]) / len(tables["score"])}
except ImportError:
    scores = None
print(
    json.dumps(
        {
            "folder": embed(f"local-dir:{folder}"),
            "hub": embed(f"hf-hub:{name}"),
            "evaluations": [
                {
                    "task": one.task_type,
                    "dataset": one.dataset_type,
                    "name": one.dataset_name,
                    "metric": one.metric_type,
                    "value": one.metric_value,
                    "text": one.metric_name,
                }
                for one in card.data.eval_results
            ],
            "model": metadata,
            "dataset": dataset.to_dict(),
            "scores": scores,
        }
    )
)
