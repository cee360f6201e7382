"""Embeds with a model of open_clip: BiomedCLIP, Open-PMC-18M, BMC-CLIP, UniMed-CLIP.

    python open_clip_rows.py INPUTS --model hf-hub:microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224 --name biomedclip

INPUTS is the folder that `medbench embed --inputs` wrote. Needs open_clip_torch, and transformers for text towers such
as PubMedBERT. A folder with open_clip_config.json and weights is named local-dir:FOLDER.
"""

import argparse

import open_clip
import torch

from rows import embed_all


def load(args):
    """The model, its evaluation transform and its tokenizer."""
    if args.text_encoder is None:
        model, _, transform = open_clip.create_model_and_transforms(args.model, pretrained=args.pretrained)
        return model, transform, open_clip.get_tokenizer(args.model)
    # UniMed-CLIP: its own copy of open_clip takes the text tower by name. Call this script with PYTHONPATH=UniMed-CLIP/src.
    mean, std = open_clip.get_mean_std()
    model, _, transform = open_clip.create_model_and_transforms(
        args.model,
        args.pretrained,
        precision="fp32",
        force_quick_gelu=True,
        pretrained_image=False,
        mean=mean,
        std=std,
        inmem=True,
        text_encoder_name=args.text_encoder,
    )
    return model, transform, open_clip.HFTokenizer(args.text_encoder, context_length=256)


def features_before_projection(visual):
    """The image tower without its projection; None where the two cannot be told apart."""
    if hasattr(visual, "trunk"):
        return visual.trunk
    if not isinstance(getattr(visual, "proj", None), torch.nn.Parameter):
        return None

    def forward(pixels):
        projection, visual.proj = visual.proj, None
        try:
            found = visual(pixels)
        finally:
            visual.proj = projection
        return found[0] if isinstance(found, tuple) else found

    return forward


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs")
    parser.add_argument("--model", required=True, help="name of an architecture, hf-hub:OWNER/NAME or local-dir:FOLDER")
    parser.add_argument("--pretrained", help="file of weights, for a name of an architecture")
    parser.add_argument("--text-encoder", help="UniMed-CLIP: name of its text tower")
    parser.add_argument("--name", required=True, help="name of the row")
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, transform, tokenize = load(args)
    model = model.to(device).eval()
    pixels = lambda images: torch.stack([transform(image) for image in images]).to(device)
    run = lambda forward: lambda inputs: torch.nn.functional.normalize(forward(inputs).float(), dim=-1).cpu().numpy()
    before = features_before_projection(model.visual)
    with torch.inference_mode():
        embed_all(
            args.inputs,
            model=args.name,
            images=run(lambda images: model.encode_image(pixels(images))),
            texts=run(lambda texts: model.encode_text(tokenize(texts).to(device))),
            features=before and (lambda images: before(pixels(images)).float().cpu().numpy()),
            logit_scale=model.logit_scale.exp().item(),
            batch=args.batch,
        )


main()
