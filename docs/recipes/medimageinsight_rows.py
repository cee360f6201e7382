"""Embeds with MedImageInsight.

    python medimageinsight_rows.py INPUTS --weights v20240927 --name medimageinsight

INPUTS is the folder that `medbench embed --inputs` wrote. Needs the package MedImageInsights (pip install
medimageinsights), or the code of huggingface.co/lion-ai/MedImageInsights with --module medimageinsightmodel. FOLDER of
--weights holds config.yaml, vision_model/ and language_model/, as there. Loading config.yaml runs what it says: take it
from a source that you trust. The package fetches weights of its own, unless config.yaml has LOAD_PRETRAINED: false under
UNICL_MODEL; those of --weights replace them here.
"""

import argparse
import base64
import importlib
import io
import os

from rows import embed_all


def encoded(image):
    """An image as the model takes it: PNG in base 64."""
    stored = io.BytesIO()
    image.save(stored, "PNG")
    return base64.b64encode(stored.getvalue()).decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs")
    parser.add_argument("--weights", required=True, type=os.path.abspath, help="folder of the model")
    parser.add_argument("--module", default="MedImageInsights.Models.medimageinsightmodel")
    parser.add_argument("--vision", default="medimageinsight-v1.0.0.pt", help="file in vision_model/")
    parser.add_argument("--name", required=True, help="name of the row")
    parser.add_argument("--batch", type=int, default=16)
    args = parser.parse_args()

    model = importlib.import_module(args.module).MedImageInsight(
        model_dir=args.weights, vision_model_name=args.vision, language_model_name="language_model.pth"
    )
    model.load_model()
    model.model.from_pretrained(os.path.join(args.weights, "vision_model", args.vision), ["*"], False)
    # Without this, its dropout stays on.
    model.model.eval()
    embed_all(
        args.inputs,
        model=args.name,
        images=lambda images: model.encode(images=[encoded(image) for image in images])["image_embeddings"],
        texts=lambda texts: model.encode(texts=list(texts))["text_embeddings"],
        logit_scale=model.model.logit_scale.exp().item(),
        batch=args.batch,
    )


main()
