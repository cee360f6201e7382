"""Embeds with PMC-CLIP (ResNet-50 and BiomedBERT).

    python pmc_clip_rows.py INPUTS --weights FOLDER --text microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract --name pmc-clip

INPUTS is the folder that `medbench embed --inputs` wrote. FOLDER holds image_encoder_resnet50.pth, text_encoder.pth and
text_projection_layer.pth, which the authors extracted from their checkpoint (huggingface.co/datasets/axiong/pmc_oa). Needs
open_clip_torch, whose ResNet is the one of PMC-CLIP, and transformers.
"""

import argparse
import pathlib

import torch
from open_clip.modified_resnet import ModifiedResNet
from torchvision import transforms
from transformers import AutoConfig, AutoModel, AutoTokenizer

from rows import embed_all

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
TOKENS = 77


def load_tower(model, file):
    """Loads weights as tensors alone: no code of the file is run."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    # Older versions of transformers stored the indices of positions.
    state.pop("embeddings.position_ids", None)
    model.load_state_dict(state)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs")
    parser.add_argument("--weights", required=True, type=pathlib.Path, help="folder of the three files")
    parser.add_argument("--text", required=True, help="configuration and tokenizer of the text tower")
    parser.add_argument("--name", required=True, help="name of the row")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--layers", type=int, nargs=4, default=(3, 4, 6, 3), help="blocks of the ResNet's stages")
    parser.add_argument("--width", type=int, default=64, help="width of the ResNet")
    args = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    projection = torch.load(args.weights / "text_projection_layer.pth", map_location="cpu", weights_only=True).to(device)
    resnet = ModifiedResNet(args.layers, projection.shape[1], heads=8, image_size=224, width=args.width)
    resnet = load_tower(resnet, args.weights / "image_encoder_resnet50.pth").to(device)
    bert = AutoModel.from_config(AutoConfig.from_pretrained(args.text))
    bert = load_tower(bert, args.weights / "text_encoder.pth").to(device)
    tokenizer = AutoTokenizer.from_pretrained(args.text)
    transform = transforms.Compose([
        transforms.Resize(224, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ])

    def embed_images(images):
        return resnet(torch.stack([transform(image) for image in images]).to(device))

    def texts(strings):
        # As in the authors' demo: without a mask, so that padding counts.
        tokens = tokenizer(strings, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt")
        return bert(tokens["input_ids"].to(device)).pooler_output @ projection

    unit = lambda rows: torch.nn.functional.normalize(rows.float(), dim=-1).cpu().numpy()
    with torch.inference_mode():
        embed_all(
            args.inputs,
            model=args.name,
            images=lambda images: unit(embed_images(images)),
            texts=lambda strings: unit(texts(strings)),
            batch=args.batch,
        )


main()
