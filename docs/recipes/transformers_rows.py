"""Embeds with a dual encoder of transformers: MedSigLIP, and other models of the kinds SigLIP and CLIP.

    python transformers_rows.py INPUTS --model google/medsiglip-448 --name medsiglip

INPUTS is the folder that `medbench embed --inputs` wrote. Needs transformers, torch and torchvision, and sentencepiece for
the tokenizer of MedSigLIP. MedSigLIP is gated: accept its terms on the hub, and give the token by HF_TOKEN.
"""

import argparse

import torch
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from rows import embed_all


def tensor(output):
    """Embeddings, which newer versions of transformers wrap."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs")
    parser.add_argument("--model", required=True, help="name on the hub, or a folder")
    parser.add_argument("--name", required=True, help="name of the row")
    parser.add_argument("--batch", type=int, default=16)
    args = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = AutoModel.from_pretrained(args.model).to(device).eval()
    process = AutoImageProcessor.from_pretrained(args.model)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    # Models of this kind are trained on texts of one length: 64 tokens in MedSigLIP, 77 in CLIP.
    length = model.config.text_config.max_position_embeddings

    def tokenize(texts):
        return tokenizer(texts, padding="max_length", max_length=length, truncation=True, return_tensors="pt").to(device)

    def pixels(images):
        return process(images=images, return_tensors="pt")["pixel_values"].to(device)

    def texts(strings):
        tokens = tokenize(strings)
        # SigLIP has no mask: its text tower sees the padding, as in training.
        given = {"input_ids": tokens["input_ids"]}
        if model.config.model_type == "clip":
            given["attention_mask"] = tokens["attention_mask"]
        return tensor(model.get_text_features(**given))

    unit = lambda rows: torch.nn.functional.normalize(rows.float(), dim=-1).cpu().numpy()
    # SigLIP's pooled output is its embedding; CLIP projects it.
    projects = hasattr(model, "visual_projection")
    pooled = lambda images: model.vision_model(pixel_values=pixels(images)).pooler_output.float().cpu().numpy()
    with torch.inference_mode():
        embed_all(
            args.inputs,
            model=args.name,
            images=lambda images: unit(tensor(model.get_image_features(pixel_values=pixels(images)))),
            texts=lambda strings: unit(texts(strings)),
            features=pooled if projects else None,
            logit_scale=model.logit_scale.exp().item(),
            batch=args.batch,
        )


main()
