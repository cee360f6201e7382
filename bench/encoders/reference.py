"""PyTorch's side: one process per call, which prints one line of JSON.

python3 reference.py make LIBRARY MODEL FOLDER          random weights of open_clip, written as safetensors with a configuration
python3 reference.py embed LIBRARY MODEL FOLDER BATCH ROUNDS THREADS OUT   loads FOLDER, embeds, writes OUT.{image,text}
LIBRARY is open_clip or hugging-face.
"""

import copy
import json
import os
import resource
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy
import torch

verb, library, name, folder, *rest = sys.argv[1:]
IS_BERT = name in ("bert-base", "biomedclip")
VOCABULARY, LENGTH = (30522, 256) if IS_BERT else (49408, 77)
OPEN_CLIP = {
    "vit-b-16": "ViT-B-16-quickgelu",
    "vit-b-32": "ViT-B-32-quickgelu",
    "vit-l-14": "ViT-L-14-quickgelu",
    "rn50": "RN50-quickgelu",
}
# Towers of timm with CLIP's text tower, for which open_clip has no configuration, or one with another joint space.
TIMM = {
    "convnext-tiny": "convnext_tiny",
    "convnext-base": "convnext_base",
    "swin-tiny": "swin_tiny_patch4_window7_224",
    "swin-base": "swin_base_patch4_window7_224",
    "vit-b-16-timm": "vit_base_patch16_224",
    "vit-b-16-siglip": "vit_base_patch16_siglip_224",
}


def model_config(name):
    import open_clip

    if name in OPEN_CLIP:
        return open_clip.get_model_config(OPEN_CLIP[name])
    # SigLIP's joint space is as wide as its tower, without a projection.
    siglip = name == "vit-b-16-siglip"
    head = {"timm_pool": "map", "timm_proj": "none"} if siglip else {"timm_pool": "", "timm_proj": "linear"}
    return {
        "embed_dim": 768 if siglip else 512,
        "quick_gelu": True,
        "vision_cfg": {"timm_model_name": TIMM[name], **head, "image_size": 224},
        "text_cfg": {"context_length": 77, "vocab_size": VOCABULARY, "width": 512, "heads": 8, "layers": 12},
    }


def inputs(batch, side, length):
    index = torch.arange(batch * 3 * side * side, dtype=torch.float64)
    wave = (torch.sin(12.9898 * (index + 1)) * 43758.5453).abs()
    images = (4 * (wave - wave.floor()) - 2).float().reshape(batch, 3, side, side)
    ids = torch.zeros(batch, length, dtype=torch.long)
    for b in range(batch):
        words = 3 + (b * 7) % (length - 5)
        ids[b, 0] = VOCABULARY - 2
        for i in range(1, words + 1):
            ids[b, i] = (b * 1009 + i * 7919) % (VOCABULARY - 2)
        ids[b, words + 1] = VOCABULARY - 1
    return images, ids


def describe_bert(path):
    """Puts the configuration of a BERT into the folder, since the hub cannot be asked, and names it in open_clip's."""
    from transformers import BertConfig

    BertConfig().save_pretrained(os.path.join(path, "bert"))
    file = os.path.join(path, "open_clip_config.json")
    config = json.load(open(file))
    config["model_cfg"]["text_cfg"].update(hf_model_name=os.path.join(path, "bert"), hf_tokenizer_name=path)
    json.dump(config, open(file, "w"))


def bert_model(path):
    """A new model whose text tower is a BERT, with its configuration in the folder."""
    import open_clip

    mlp = name == "biomedclip"
    vision = open_clip.get_model_config("ViT-B-32-quickgelu")["vision_cfg"]
    timm = {"timm_model_name": "vit_base_patch16_224", "timm_model_pretrained": False, "timm_pool": "", "timm_proj": "linear", "image_size": 224}
    text = {"hf_model_name": "", "hf_proj_type": "mlp" if mlp else "linear", "hf_pooler_type": "cls_last_hidden_state_pooler", "context_length": LENGTH}
    config = {"model_cfg": {"embed_dim": 512, "quick_gelu": not mlp, "vision_cfg": timm if mlp else vision, "text_cfg": text}}
    json.dump(config, open(os.path.join(path, "open_clip_config.json"), "w"))
    describe_bert(path)
    return open_clip.create_model("local-dir:" + path, load_weights=False, pretrained_hf=False)


if verb == "make":
    import open_clip
    from safetensors.torch import save_file

    torch.manual_seed(3)
    os.makedirs(folder, exist_ok=True)
    config = model_config(name) if not IS_BERT else None
    model = bert_model(folder) if IS_BERT else open_clip.CLIP(**copy.deepcopy(config))
    # A gain of nearly zero would hide errors in the values that it multiplies.
    for key, parameter in model.named_parameters():
        if key.endswith(("bn3.weight", ".gamma")):
            parameter.data.fill_(0.5)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, os.path.join(folder, "open_clip_model.safetensors"))
    if not IS_BERT:
        json.dump({"model_cfg": config}, open(os.path.join(folder, "open_clip_config.json"), "w"))
    print(json.dumps({"keys": len(model.state_dict())}))
else:
    batch, rounds, threads, out = int(rest[0]), int(rest[1]), int(rest[2]), rest[3]
    torch.set_num_threads(threads)
    missing = []
    if library == "open_clip":
        import open_clip

        if IS_BERT:
            describe_bert(folder)
        # Strict: a missing or unexpected key is an error.
        model = open_clip.create_model("local-dir:" + folder, load_weights=True)
        model.eval()
        encode = {"image": model.encode_image, "text": model.encode_text}
        version = open_clip.__version__
    else:
        import transformers
        from transformers import CLIPModel

        model, info = CLIPModel.from_pretrained(folder, output_loading_info=True)
        missing = sorted(info["missing_keys"]) + sorted(info["unexpected_keys"]) + sorted(map(str, info["mismatched_keys"]))
        model.eval()
        encode = {
            "image": lambda x: model.visual_projection(model.vision_model(pixel_values=x).pooler_output),
            "text": lambda x: model.text_projection(model.text_model(input_ids=x).pooler_output),
        }
        version = transformers.__version__
    images, ids = inputs(batch, 224, LENGTH)
    answer = {"version": version, "torch": torch.__version__, "missing": missing}
    with torch.inference_mode():
        for tower, given in (("image", images), ("text", ids)):
            result = encode[tower](given)
            result.float().numpy().tofile(f"{out}.{tower}")
            ms = []
            for _ in range(rounds):
                start = time.perf_counter()
                encode[tower](given)
                ms.append((time.perf_counter() - start) * 1000)
            answer[tower] = {"ms": ms}
    answer["peakMiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))
