"""Embeddings of a small checkpoint shaped like BiomedCLIP, by open_clip, for tests/fixtures/foreign-checkpoint.json.

Run:
    medbench embed --inputs --preset demo --tasks phantom-global --out to-embed
    python scripts/oracles/foreign_checkpoint.py to-embed > tests/fixtures/foreign-checkpoint.json
Made with Python 3.11, torch 2.15, open_clip 3.3, timm 1.0, transformers 5.23 on CPU, float32.

The text tower is a BERT with BiomedCLIP's pooling and projection, which reads the small vocabulary of the demo; the image
tower is a vision transformer of timm, made smaller. The weights are not stored: both sides compute them from the parameter's name
(see `formula.py`). `parameters` are the names and shapes of the checkpoint, `config` its open_clip_config.json, `bert` the
configuration of its BERT. `images` and `texts` are unit embeddings of the first rows of each array.
"""

import gzip
import json
import os
import pathlib
import sys
import tempfile

import open_clip
import torch
from formula import digits, value
from PIL import Image
from timm.models import register_model
from timm.models.vision_transformer import _create_vision_transformer
from transformers import BertConfig


@register_model
def vit_demo(pretrained=False, **options):
    sizes = dict(img_size=48, patch_size=8, embed_dim=64, depth=4, num_heads=1)
    return _create_vision_transformer("vit_base_patch16_224", pretrained=False, **{**sizes, **options})


ROOT = pathlib.Path(__file__).parents[2]
inputs = pathlib.Path(sys.argv[1]).resolve() / "phantom-global"
pieces = gzip.decompress((ROOT / "packages/data/assets/word-pieces.txt.gz").read_bytes()).decode().splitlines()
bert = {"vocab_size": len(pieces), "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 1, "intermediate_size": 256,
        "max_position_embeddings": 48}
config = {
    "model_cfg": {
        "embed_dim": 64,
        "vision_cfg": {"timm_model_name": "vit_demo", "timm_model_pretrained": False, "timm_pool": "", "timm_proj": "linear", "image_size": 48},
        "text_cfg": {"hf_model_name": "./bert", "hf_tokenizer_name": "./bert", "hf_proj_type": "mlp",
                     "hf_pooler_type": "cls_last_hidden_state_pooler", "context_length": 40},
    },
    "preprocess_cfg": {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711],
                       "interpolation": "bicubic", "resize_mode": "shortest"},
}
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "bert").mkdir()
    BertConfig(**bert).save_pretrained(folder / "bert")
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True}))
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    os.chdir(folder)
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}", load_weights=False, pretrained_hf=False)
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
model.eval()
for key, parameter in model.named_parameters():
    parameter.data = value(key, parameter.shape).float()

files = sorted((inputs / "test").glob("*.png"))[:12]
texts = json.loads((inputs / "prompts.json").read_text())[:20]
with torch.inference_mode():
    images = model.encode_image(torch.stack([preprocess(Image.open(file)) for file in files]), normalize=True)
    rows = model.encode_text(tokenizer(texts), normalize=True)
print(json.dumps({
    "config": config,
    "bert": bert,
    "parameters": {key: list(parameter.shape) for key, parameter in model.named_parameters()},
    "texts": [digits(row, 6) for row in rows.tolist()],
    "images": [digits(row, 6) for row in images.tolist()],
}))
