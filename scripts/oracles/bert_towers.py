"""Outputs and gradients of open_clip's HFTextEncoder around Hugging Face's BertModel, for tests/fixtures/bert-towers.json.

Run: python scripts/oracles/bert_towers.py > tests/fixtures/bert-towers.json
Made with Python 3.11, torch 2.15, open_clip 3.3, transformers 5.23 on CPU, float64. The weights are not stored: both sides
compute them from the parameter's name (see `formula.py`). `counts` are the parameters of BERT-base with each projection,
by embeddings, blocks and projection.
"""

import json
import tempfile

import torch
from formula import summary, value
from open_clip.hf_model import HFTextEncoder
from transformers import BertConfig

torch.set_default_dtype(torch.float64)
IDS = torch.tensor([[38, 5, 9, 39] + [0] * 8, [38, 1, 39] + [0] * 9, [38] + list(range(3, 13)) + [39]])
CASES = {"cls-linear": ("cls_last_hidden_state_pooler", "linear"), "cls-mlp": ("cls_last_hidden_state_pooler", "mlp"),
         "mean-linear": ("mean_pooler", "linear")}


def build(config: BertConfig, pooler: str, projection: str, width: int) -> HFTextEncoder:
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        return HFTextEncoder(folder, width, pooler_type=pooler, proj_type=projection, pretrained=False, output_tokens=True)


def run(pooler: str, projection: str) -> dict:
    small = BertConfig(vocab_size=40, hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=512,
                       max_position_embeddings=16)
    model = build(small, pooler, projection, 16).double().eval()
    for name, parameter in model.named_parameters():
        parameter.data = value(name, parameter.shape)
    embedding, tokens = model(IDS)
    # Tokens at padding are outputs too, but nothing may depend on them.
    kept = (IDS != 0).unsqueeze(-1)
    weight = torch.cos(torch.arange(embedding.numel(), dtype=torch.float64)).reshape(embedding.shape)
    loss = (embedding * weight).sum()
    loss.backward()
    parameters = dict(model.named_parameters())
    return {
        "parameters": {name: list(parameter.shape) for name, parameter in parameters.items()},
        "embedding": embedding.flatten().tolist(),
        "tokens": summary(tokens * kept),
        "loss": loss.item(),
        "gradients": {name: summary(p.grad) for name, p in parameters.items() if p.grad is not None},
    }


def count(projection: str) -> dict:
    with torch.device("meta"):
        model = build(BertConfig(), "cls_last_hidden_state_pooler", projection, 512)
    size = lambda module: sum(p.numel() for p in module.parameters())
    return {"embedding": size(model.transformer.embeddings), "blocks": [size(block) for block in model.transformer.encoder.layer],
            "head": size(model.proj), "all": size(model)}


print(json.dumps({"cases": {name: run(*case) for name, case in CASES.items()},
                  "counts": {projection: count(projection) for projection in ("linear", "mlp")}}))
