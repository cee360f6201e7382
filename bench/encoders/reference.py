"""PyTorch's side: one process per call, which prints one line of JSON.

python3 reference.py make LIBRARY MODEL FOLDER          random weights of open_clip, written as safetensors with a configuration
python3 reference.py embed LIBRARY MODEL FOLDER BATCH ROUNDS THREADS OUT   loads FOLDER, embeds, writes OUT.{image,text}
LIBRARY is open_clip or hugging-face.
"""

import json
import os
import resource
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy
import torch

verb, library, name, folder, *rest = sys.argv[1:]
VOCABULARY = 49408
OPEN_CLIP = {"vit-b-16": "ViT-B-16-quickgelu", "vit-b-32": "ViT-B-32-quickgelu", "rn50": "RN50-quickgelu"}


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


if verb == "make":
    import open_clip
    from safetensors.torch import save_file

    torch.manual_seed(3)
    model = open_clip.create_model(OPEN_CLIP[name], pretrained=None)
    # A gain of zero would hide errors in the values that it multiplies.
    for key, parameter in model.named_parameters():
        if key.endswith("bn3.weight"):
            parameter.data.fill_(0.5)
    os.makedirs(folder, exist_ok=True)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, os.path.join(folder, "open_clip_model.safetensors"))
    config = {"model_cfg": open_clip.get_model_config(OPEN_CLIP[name])}
    json.dump(config, open(os.path.join(folder, "open_clip_config.json"), "w"))
    print(json.dumps({"keys": len(model.state_dict())}))
else:
    batch, rounds, threads, out = int(rest[0]), int(rest[1]), int(rest[2]), rest[3]
    torch.set_num_threads(threads)
    missing = []
    if library == "open_clip":
        import open_clip

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
    images, ids = inputs(batch, 224, 77)
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
