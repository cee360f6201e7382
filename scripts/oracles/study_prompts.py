"""Makes packages/task-kit/fixtures/study-prompts.json: what the study's zero-shot evaluation embeds, task by task.

The class names and templates are those of the study's repository (github.com/afkanpour/benchmarking-contrastive, commit
1a65231: en_classnames.json, en_zeroshot_classification_templates.json and the look-up of builder.py), gathered in one
JSON file: {imagenet_templates, datasets: [{medbench, classes, templates}]}. In a template {c} stands for the class.

Run: python scripts/oracles/study_prompts.py PROMPTS.json   (Python 3.11, no packages)
"""
import hashlib
import json
import pathlib
import sys

OUT = pathlib.Path(__file__).parents[2] / "packages/task-kit/fixtures/study-prompts.json"
wording = json.loads(pathlib.Path(sys.argv[1]).read_text())
cases = {}
for data_set in wording["datasets"]:
    if data_set["medbench"] is None:
        continue
    templates = data_set["templates"]
    if templates == "imagenet_templates":
        templates = wording["imagenet_templates"]
    texts = [t.replace("{c}", name) for name in data_set["classes"] for t in templates]
    cases[data_set["medbench"]] = {
        "classes": len(data_set["classes"]),
        "texts": len(texts),
        "first": texts[0],
        "last": texts[-1],
        "sha256": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
    }
OUT.write_text(json.dumps(cases, indent=1) + "\n")
