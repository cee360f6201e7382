"""One training step of every method in PyTorch: gradients of all parameters, and the parameters after AdamW.

Run: python scripts/oracles/method_steps.py > tests/fixtures/method-steps.json
Made with Python 3.11, torch 2.15 on CPU, float64. Written from the papers' equations on PyTorch's own losses and layers
(cross_entropy, batch_norm, scaled_dot_product_attention, smooth_l1_loss, AdamW), independently of the TypeScript. Weights and inputs are not
stored: both sides compute them from their names (see `formula.py`).
"""

import json

import torch
import torch.nn.functional as F
import torch_methods as methods
from formula import digits, scattered, summary, value

torch.set_default_dtype(torch.float64)
B, SIDE, PATCH, P, W, L, VOCAB, E = 8, 16, 4, 16, 64, 12, 40, 16
RATE, DECAY, BETAS, EPS = 1e-3, 0.1, (0.9, 0.98), 1e-6
WORDS = [[5, 9], [1], list(range(3, 13)), [7, 7, 2], [30, 4, 4, 11], [2, 19], [8], [21, 33, 6, 14, 1]]
IDS = torch.tensor([[38, *words, 39] + [0] * (L - 2 - len(words)) for words in WORDS])
# Orders of the 16 patches, one row per example.
ORDER = torch.tensor([[(i * step + start) % P for i in range(P)] for step, start in ((3, 1), (5, 2), (7, 0), (11, 4), (13, 3), (9, 6), (15, 8), (1, 5))])
FIRST = torch.sort(ORDER[:, :8], 1).values
SECOND = torch.sort(ORDER[:, 5:13], 1).values
QUARTER = torch.sort(ORDER[:, :4], 1).values


def images(offset):
    return scattered(B * 3 * SIDE * SIDE, offset).reshape(B, 3, SIDE, SIDE)


IMAGES = images(0)


def batch_of(row):
    """Images, texts, and the drawn inputs of the row's method."""
    batch = {"images": IMAGES, "ids": IDS, "kept": QUARTER}
    if row.startswith("masked-cl"):
        return batch | {"first": FIRST, "second": SECOND}
    return batch | {"first": images(100), "second": images(200)}


def block_shapes(prefix, width):
    return {
        prefix + "ln_1.weight": (width,), prefix + "ln_1.bias": (width,),
        prefix + "attn.in_proj_weight": (3 * width, width), prefix + "attn.in_proj_bias": (3 * width,),
        prefix + "attn.out_proj.weight": (width, width), prefix + "attn.out_proj.bias": (width,),
        prefix + "ln_2.weight": (width,), prefix + "ln_2.bias": (width,),
        prefix + "mlp.c_fc.weight": (4 * width, width), prefix + "mlp.c_fc.bias": (4 * width,),
        prefix + "mlp.c_proj.weight": (width, 4 * width), prefix + "mlp.c_proj.bias": (width,),
    }


TOWERS = {
    "visual.class_embedding": (W,), "visual.positional_embedding": (P + 1, W), "visual.conv1.weight": (W, 3, PATCH, PATCH),
    "visual.ln_pre.weight": (W,), "visual.ln_pre.bias": (W,), **block_shapes("visual.transformer.resblocks.0.", W),
    "visual.ln_post.weight": (W,), "visual.ln_post.bias": (W,), "visual.proj": (W, E),
    "token_embedding.weight": (VOCAB, W), "positional_embedding": (L, W), **block_shapes("transformer.resblocks.0.", W),
    "ln_final.weight": (W,), "ln_final.bias": (W,), "text_projection": (W, E), "logit_scale": (),
}


def head_shapes(name):
    return {
        name + "layer1.weight": (32, W), name + "layer1.bias": (32,), name + "bn1.weight": (32,), name + "bn1.bias": (32,),
        name + "layer2.weight": (32, 32), name + "layer2.bias": (32,), name + "bn2.weight": (32,), name + "bn2.bias": (32,),
        name + "layer3.weight": (16, 32), name + "layer3.bias": (16,),
    }


def predictor_shapes(output):
    return {"masked.token": (W,), "masked.positional_embedding": (P, W), **block_shapes("masked.block.", W),
            "masked.head.weight": (output, W), "masked.head.bias": (output,)}


def predicted(p):
    """The decoder's predictions at the hidden patches."""
    visible = methods.Image(p, IMAGES, ORDER[:, :8]).tokens()
    slots = p["masked.token"].expand(B, P, W).scatter(1, ORDER[:, :8, None].expand(-1, -1, W), visible)
    decoded = methods.block(p, "masked.block.", slots + p["masked.positional_embedding"])
    out = F.linear(decoded, p["masked.head.weight"], p["masked.head.bias"])
    return torch.gather(out, 1, ORDER[:, 8:, None].expand(-1, -1, out.shape[-1]))


def hidden_of(target):
    return torch.gather(target, 1, ORDER[:, 8:, None].expand(-1, -1, target.shape[-1]))


def masked_ema(p, batch):
    with torch.no_grad():
        target = F.layer_norm(methods.Image(p, IMAGES).tokens(), (W,))
    return methods.clip(p, batch) + F.smooth_l1_loss(predicted(p), hidden_of(target))


def masked_pixels(p, batch):
    patches = IMAGES.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH).permute(0, 2, 3, 4, 5, 1).reshape(B, P, -1)
    target = (patches - patches.mean(-1, True)) / (patches.var(-1, unbiased=False, keepdim=True) + 1e-6).sqrt()
    return methods.clip(p, batch) + F.mse_loss(predicted(p), hidden_of(target))


def filip_alone(p, batch):
    return methods.filip_tokens(p, methods.Image(p, batch["images"]), methods.Text(p, batch["ids"]))


def siglip(p, batch):
    u = F.normalize(methods.Image(p, batch["images"]).embedding(), dim=-1)
    w = F.normalize(methods.Text(p, batch["ids"]).embedding(), dim=-1)
    z = u @ w.T * p["siglip.logit_scale"].exp() + p["siglip.logit_bias"]
    return -F.logsigmoid((2 * torch.eye(B) - 1) * z).sum() / B


def gloria(p, batch):
    c = F.linear(methods.Image(p, batch["images"]).tokens(), p["gloria.image_proj.weight"])
    t = F.linear(methods.Text(p, IDS).tokens(), p["gloria.text_proj.weight"])
    mask = methods.words(IDS)
    rows = []
    for i in range(B):
        row = []
        for j in range(B):
            w = t[j][mask[j]]
            regions = torch.softmax(4 * torch.softmax(c[i] @ w.T, 1).T, 1)
            row.append(torch.logsumexp(5 * F.cosine_similarity(w, regions @ c[i], dim=-1), 0))
        rows.append(torch.stack(row))
    z = 10 * torch.stack(rows)
    target = torch.arange(B)
    return methods.clip(p, batch) + F.cross_entropy(z, target) + F.cross_entropy(z.T, target)


def simsiam(a, b):
    return -(F.cosine_similarity(a[1], b[0].detach()).mean() + F.cosine_similarity(b[1], a[0].detach()).mean()) / 2


def predictor(p, x):
    x = F.linear(x, p["declip.predictor.layer1.weight"], p["declip.predictor.layer1.bias"])
    x = F.relu(F.batch_norm(x, None, None, p["declip.predictor.bn1.weight"], p["declip.predictor.bn1.bias"], training=True))
    return F.linear(x, p["declip.predictor.layer2.weight"], p["declip.predictor.layer2.bias"])


def declip(p, batch):
    projected = [methods.head(p, "declip.image_mlp.", methods.Image(p, batch[view]).pooled()) for view in ("first", "second")]
    views = simsiam(*((x, predictor(p, x)) for x in projected))
    text = methods.Text(p, IDS)
    logits = text.tokens()[:, :-1] @ p["token_embedding.weight"].T
    words = F.cross_entropy(logits.flatten(0, 1), methods.next_words(IDS).flatten(), ignore_index=-100)
    queue = F.normalize(p["declip.queue"], dim=-1)
    now = F.normalize(text.embedding(), dim=-1).detach()
    nearest = queue[(now @ queue.T).argmax(1)]
    neighbour = methods.info_nce(methods.Image(p, batch["images"]).embedding(), nearest, p["logit_scale"])
    return 0.4 * methods.clip(p, batch) + 0.2 * views + 0.2 * words + 0.2 * neighbour


def queue_after(p):
    return torch.cat([F.normalize(methods.Text(p, IDS).embedding(), dim=-1), F.normalize(p["declip.queue"], dim=-1)])[:24]


IMAGE = [name for name in TOWERS if name.startswith("visual.")]
TEXT = [name for name in TOWERS if not name.startswith("visual.") and name != "logit_scale"]
# Embeddings and the only block are frozen. The last norm and the projection of a partly frozen tower train.
LOWER_IMAGE = [name for name in IMAGE if not name.startswith("visual.ln_post") and name != "visual.proj"]
LOWER_TEXT = [name for name in TEXT if not name.startswith("ln_final") and name != "text_projection"]
COCA = {
    "coca.attn_pool.query": (6, W), "coca.attn_pool.ln_q.weight": (W,), "coca.attn_pool.ln_q.bias": (W,),
    "coca.attn_pool.ln_k.weight": (W,), "coca.attn_pool.ln_k.bias": (W,),
    **{f"coca.attn_pool.attn.{x}_proj_weight": (W, W) for x in "qkv"}, "coca.attn_pool.attn.in_proj_bias": (3 * W,),
    "coca.attn_pool.attn.out_proj.weight": (W, W), "coca.attn_pool.attn.out_proj.bias": (W,),
    **block_shapes("coca.text_decoder.resblocks.0.", W), **block_shapes("coca.text_decoder.cross_attn.0.", W),
    "coca.text_decoder.cross_attn.0.ln_1_kv.weight": (W,), "coca.text_decoder.cross_attn.0.ln_1_kv.bias": (W,),
    "coca.text_decoder.ln_final.weight": (W,), "coca.text_decoder.ln_final.bias": (W,), "coca.text_decoder.text_projection": (W, VOCAB),
}
FILIP = {"filip.image_proj.weight": (16, W), "filip.text_proj.weight": (16, W), "filip.logit_scale": ()}
DECLIP = {
    **head_shapes("declip.image_mlp."), "declip.queue": (24, E),
    "declip.predictor.layer1.weight": (4, 16), "declip.predictor.layer1.bias": (4,),
    "declip.predictor.bn1.weight": (4,), "declip.predictor.bn1.bias": (4,),
    "declip.predictor.layer2.weight": (16, 4), "declip.predictor.layer2.bias": (16,),
}
# State without a gradient: its value after the step, from the parameters before it.
CARRIED = {"declip": {"declip.queue": queue_after}}
# Name of the row in tests/support/methods.ts: loss, its own parameters, frozen parameters.
METHODS = {
    "clip": (methods.clip, {}, []),
    "clip-locked, image": (methods.clip, {}, IMAGE),
    "clip-locked, text": (methods.clip, {}, TEXT),
    "clip-partial": (methods.clip, {}, LOWER_IMAGE),
    "clip-partial, text": (methods.clip, {}, LOWER_TEXT),
    "slip": (methods.slip, head_shapes("slip.image_mlp."), []),
    "masked-cl, view": (methods.masked_view, head_shapes("masked.image_mlp."), []),
    "masked-cl, ema": (masked_ema, predictor_shapes(W), []),
    "masked-cl, pixels": (masked_pixels, predictor_shapes(3 * PATCH**2), []),
    "flip": (methods.flip, {}, []),
    "coca": (methods.coca, COCA, []),
    "filip": (methods.filip, FILIP, []),
    "filip, token-wise alone": (filip_alone, FILIP, ["visual.proj", "text_projection", "logit_scale"]),
    "siglip": (siglip, {"siglip.logit_scale": (), "siglip.logit_bias": ()}, ["logit_scale"]),
    "gloria": (gloria, {"gloria.image_proj.weight": (16, W), "gloria.text_proj.weight": (16, W)}, []),
    "declip": (declip, DECLIP, ["declip.queue"]),
}


result = {}
for name, (loss_of, own, frozen) in METHODS.items():
    shapes = {**TOWERS, **own}
    p = {key: torch.nn.Parameter(value(key, shape), requires_grad=key not in frozen) for key, shape in shapes.items()}
    loss = loss_of(p, batch_of(name))
    loss.backward()
    trained = {key: now for key, now in p.items() if key not in frozen}
    before = {key: now.detach().clone() for key, now in trained.items()}
    decays = lambda key: len(shapes[key]) >= 2 and not key.endswith("positional_embedding")
    carried = {key: (p[key].detach().clone(), after(p).detach()) for key, after in CARRIED.get(name, {}).items()}
    groups = [{"params": [v for k, v in trained.items() if decays(k) == flag], "weight_decay": DECAY * flag} for flag in (True, False)]
    torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=EPS).step()
    result[name] = {
        "loss": loss.item(),
        "gradients": {key: summary(p[key].grad, ends=2, count=9) for key in trained},
        "moved": {key: digits([(now.detach() - before[key]).norm().item(), now.detach().flatten()[-1].item()], 9) for key, now in trained.items()}
        | {key: digits([(now - was).norm().item(), now.flatten()[-1].item()], 9) for key, (was, now) in carried.items()},
    }
print(json.dumps(result, separators=(",", ":")))
