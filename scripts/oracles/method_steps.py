"""One training step of every method in PyTorch: gradients of all parameters and what AdamW makes of them.

Run: python scripts/oracles/method_steps.py > tests/fixtures/method-steps.json
Made with Python 3.11, torch 2.15 on CPU, float64. Written from the papers' equations on PyTorch's own losses and layers
(cross_entropy, batch_norm, scaled_dot_product_attention, smooth_l1_loss, AdamW), apart from the TypeScript. Weights and inputs are not
stored: both sides compute them from their names (see `formula.py`).
"""

import json

import torch
import torch.nn.functional as F
from formula import digits, scattered, summary, value

torch.set_default_dtype(torch.float64)
B, SIDE, PATCH, P, W, L, VOCAB, E = 8, 16, 4, 16, 64, 12, 40, 16
RATE, DECAY, BETAS, EPS = 1e-3, 0.1, (0.9, 0.98), 1e-6
WORDS = [[5, 9], [1], list(range(3, 13)), [7, 7, 2], [30, 4, 4, 11], [2, 19], [8], [21, 33, 6, 14, 1]]
IDS = torch.tensor([[38, *words, 39] + [0] * (L - 2 - len(words)) for words in WORDS])
# Orders of the 16 patches, one row an example.
ORDER = torch.tensor([[(i * step + start) % P for i in range(P)] for step, start in ((3, 1), (5, 2), (7, 0), (11, 4), (13, 3), (9, 6), (15, 8), (1, 5))])
FIRST = torch.sort(ORDER[:, :8], 1).values
SECOND = torch.sort(ORDER[:, 5:13], 1).values
QUARTER = torch.sort(ORDER[:, :4], 1).values


def pictures(offset):
    return scattered(B * 3 * SIDE * SIDE, offset).reshape(B, 3, SIDE, SIDE)


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


def norm(p, name, x):
    return F.layer_norm(x, (x.shape[-1],), p[name + ".weight"], p[name + ".bias"])


def attend(q, k, v, causal=False):
    split = lambda x: x.unflatten(-1, (-1, 64)).transpose(1, 2)
    return F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=causal).transpose(1, 2).flatten(2)


def feed_forward(p, name, x):
    h = F.linear(norm(p, name + "ln_2", x), p[name + "mlp.c_fc.weight"], p[name + "mlp.c_fc.bias"])
    return x + F.linear(h * torch.sigmoid(1.702 * h), p[name + "mlp.c_proj.weight"], p[name + "mlp.c_proj.bias"])


def block(p, name, x, causal=False):
    q, k, v = F.linear(norm(p, name + "ln_1", x), p[name + "attn.in_proj_weight"], p[name + "attn.in_proj_bias"]).chunk(3, -1)
    x = x + F.linear(attend(q, k, v, causal), p[name + "attn.out_proj.weight"], p[name + "attn.out_proj.bias"])
    return feed_forward(p, name, x)


def image(p, x, kept=None):
    grid = F.conv2d(x, p["visual.conv1.weight"], stride=PATCH).flatten(2).transpose(1, 2) + p["visual.positional_embedding"][1:]
    if kept is not None:
        grid = torch.gather(grid, 1, kept[:, :, None].expand(-1, -1, W))
    first = (p["visual.class_embedding"] + p["visual.positional_embedding"][0]).expand(B, 1, W)
    h = block(p, "visual.transformer.resblocks.0.", norm(p, "visual.ln_pre", torch.cat([first, grid], 1)))
    h = norm(p, "visual.ln_post", h)
    return h[:, 1:], h[:, 0], h[:, 0] @ p["visual.proj"]


def text(p):
    hidden = block(p, "transformer.resblocks.0.", p["token_embedding.weight"][IDS] + p["positional_embedding"], causal=True)
    tokens = norm(p, "ln_final", hidden)
    return hidden, tokens, tokens[torch.arange(B), IDS.argmax(1)] @ p["text_projection"]


def info_nce(u, w, log_scale):
    z = log_scale.exp() * F.normalize(u, dim=-1) @ F.normalize(w, dim=-1).T
    target = torch.arange(B)
    return (F.cross_entropy(z, target) + F.cross_entropy(z.T, target)) / 2


def clip(p):
    return info_nce(image(p, pictures(0))[2], text(p)[2], p["logit_scale"])


def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=-1)
    logits = (z @ z.T / temperature).masked_fill(torch.eye(2 * B, dtype=torch.bool), float("-inf"))
    return F.cross_entropy(logits, (torch.arange(2 * B) + B) % (2 * B))


def head(p, name, x):
    for i in (1, 2):
        x = F.linear(x, p[f"{name}layer{i}.weight"], p[f"{name}layer{i}.bias"])
        x = F.relu(F.batch_norm(x, None, None, p[f"{name}bn{i}.weight"], p[f"{name}bn{i}.bias"], training=True))
    return F.linear(x, p[f"{name}layer3.weight"], p[f"{name}layer3.bias"])


def head_shapes(name):
    return {
        name + "layer1.weight": (32, W), name + "layer1.bias": (32,), name + "bn1.weight": (32,), name + "bn1.bias": (32,),
        name + "layer2.weight": (32, 32), name + "layer2.bias": (32,), name + "bn2.weight": (32,), name + "bn2.bias": (32,),
        name + "layer3.weight": (16, 32), name + "layer3.bias": (16,),
    }


def predictor_shapes(output):
    return {"masked.token": (W,), "masked.positional_embedding": (P, W), **block_shapes("masked.block.", W),
            "masked.head.weight": (output, W), "masked.head.bias": (output,)}


def slip(p):
    views = [head(p, "slip.image_mlp.", image(p, pictures(offset))[1]) for offset in (100, 200)]
    return clip(p) + nt_xent(*views, 0.1)


def masked_view(p):
    views = [head(p, "masked.image_mlp.", image(p, pictures(0), kept)[1]) for kept in (FIRST, SECOND)]
    return clip(p) + nt_xent(*views, 0.1)


def predicted(p):
    """What the decoder says of the hidden half, in the places where it is."""
    visible = image(p, pictures(0), ORDER[:, :8])[0]
    slots = p["masked.token"].expand(B, P, W).scatter(1, ORDER[:, :8, None].expand(-1, -1, W), visible)
    decoded = block(p, "masked.block.", slots + p["masked.positional_embedding"])
    out = F.linear(decoded, p["masked.head.weight"], p["masked.head.bias"])
    return torch.gather(out, 1, ORDER[:, 8:, None].expand(-1, -1, out.shape[-1]))


def hidden_of(target):
    return torch.gather(target, 1, ORDER[:, 8:, None].expand(-1, -1, target.shape[-1]))


def masked_ema(p):
    with torch.no_grad():
        target = F.layer_norm(image(p, pictures(0))[0], (W,))
    return clip(p) + F.smooth_l1_loss(predicted(p), hidden_of(target))


def masked_pixels(p):
    patches = pictures(0).unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH).permute(0, 2, 3, 4, 5, 1).reshape(B, P, -1)
    target = (patches - patches.mean(-1, True)) / (patches.var(-1, unbiased=False, keepdim=True) + 1e-6).sqrt()
    return clip(p) + F.mse_loss(predicted(p), hidden_of(target))


def flip(p):
    return info_nce(image(p, pictures(0), QUARTER)[2], text(p)[2], p["logit_scale"])


def coca(p):
    tokens, _, u = image(p, pictures(0))
    hidden, _, w = text(p)
    n = "coca.attn_pool."
    query = norm(p, n + "ln_q", p[n + "query"]).expand(B, -1, -1)
    seen = norm(p, n + "ln_k", tokens)
    bq, bk, bv = p[n + "attn.in_proj_bias"].chunk(3)
    pooled = attend(F.linear(query, p[n + "attn.q_proj_weight"], bq), F.linear(seen, p[n + "attn.k_proj_weight"], bk),
                    F.linear(seen, p[n + "attn.v_proj_weight"], bv))
    context = F.linear(pooled, p[n + "attn.out_proj.weight"], p[n + "attn.out_proj.bias"])
    x = block(p, "coca.text_decoder.resblocks.0.", hidden[:, :-1], causal=True)
    n = "coca.text_decoder.cross_attn.0."
    wq, wk, wv = p[n + "attn.in_proj_weight"].chunk(3)
    bq, bk, bv = p[n + "attn.in_proj_bias"].chunk(3)
    kv = norm(p, n + "ln_1_kv", context)
    mixed = attend(F.linear(norm(p, n + "ln_1", x), wq, bq), F.linear(kv, wk, bk), F.linear(kv, wv, bv))
    x = feed_forward(p, n, x + F.linear(mixed, p[n + "attn.out_proj.weight"], p[n + "attn.out_proj.bias"]))
    logits = norm(p, "coca.text_decoder.ln_final", x) @ p["coca.text_decoder.text_projection"]
    ends = IDS.argmax(1)
    labels = IDS[:, 1:].clone()
    labels[torch.arange(1, L)[None] > ends[:, None]] = -100
    return info_nce(u, w, p["logit_scale"]) + 2 * F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)


def words():
    return (torch.arange(L)[None] <= IDS.argmax(1)[:, None]) & (torch.arange(L) > 0)[None]


def filip_tokens(p):
    v = F.normalize(F.linear(image(p, pictures(0))[0], p["filip.image_proj.weight"]), dim=-1)
    t = F.normalize(F.linear(text(p)[1], p["filip.text_proj.weight"]), dim=-1)
    mask = words()
    s = p["filip.logit_scale"].exp()
    rows = [[v[i] @ t[j][mask[j]].T for j in range(B)] for i in range(B)]
    i2t = torch.stack([torch.stack([one.max(1).values.mean() for one in row]) for row in rows])
    t2i = torch.stack([torch.stack([one.max(0).values.mean() for one in row]) for row in rows])
    target = torch.arange(B)
    return (F.cross_entropy(s * i2t, target) + F.cross_entropy(s * t2i.T, target)) / 2


def siglip(p):
    u, w = F.normalize(image(p, pictures(0))[2], dim=-1), F.normalize(text(p)[2], dim=-1)
    z = u @ w.T * p["siglip.logit_scale"].exp() + p["siglip.logit_bias"]
    return -F.logsigmoid((2 * torch.eye(B) - 1) * z).sum() / B


def gloria(p):
    c = F.linear(image(p, pictures(0))[0], p["gloria.image_proj.weight"])
    t = F.linear(text(p)[1], p["gloria.text_proj.weight"])
    mask = words()
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
    return clip(p) + F.cross_entropy(z, target) + F.cross_entropy(z.T, target)


def simsiam(a, b):
    return -(F.cosine_similarity(a[1], b[0].detach()).mean() + F.cosine_similarity(b[1], a[0].detach()).mean()) / 2


def predictor(p, x):
    x = F.linear(x, p["declip.predictor.layer1.weight"], p["declip.predictor.layer1.bias"])
    x = F.relu(F.batch_norm(x, None, None, p["declip.predictor.bn1.weight"], p["declip.predictor.bn1.bias"], training=True))
    return F.linear(x, p["declip.predictor.layer2.weight"], p["declip.predictor.layer2.bias"])


def declip(p):
    projected = [head(p, "declip.image_mlp.", image(p, pictures(offset))[1]) for offset in (100, 200)]
    views = simsiam(*((x, predictor(p, x)) for x in projected))
    _, tokens, w = text(p)
    labels = IDS[:, 1:].clone()
    labels[torch.arange(1, L)[None] > IDS.argmax(1)[:, None]] = -100
    words = F.cross_entropy((tokens[:, :-1] @ p["token_embedding.weight"].T).flatten(0, 1), labels.flatten(), ignore_index=-100)
    queue = F.normalize(p["declip.queue"], dim=-1)
    now = F.normalize(w, dim=-1).detach()
    nearest = queue[(now @ queue.T).argmax(1)]
    neighbour = info_nce(image(p, pictures(0))[2], nearest, p["logit_scale"])
    return 0.4 * clip(p) + 0.2 * views + 0.2 * words + 0.2 * neighbour


def queue_after(p):
    return torch.cat([F.normalize(text(p)[2], dim=-1), F.normalize(p["declip.queue"], dim=-1)])[:24]


IMAGE = [name for name in TOWERS if name.startswith("visual.")]
TEXT = [name for name in TOWERS if not name.startswith("visual.") and name != "logit_scale"]
# The embeddings and the only block: what stays of a partly frozen tower are its last norm and projection.
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
# What is carried on from step to step without a gradient: its value after the step, from the parameters before it.
CARRIED = {"declip": {"declip.queue": queue_after}}
# Name of the row in tests/support/methods.ts: loss, parameters of its own, what is frozen.
METHODS = {
    "clip": (clip, {}, []),
    "clip-locked, image": (clip, {}, IMAGE),
    "clip-locked, text": (clip, {}, TEXT),
    "clip-partial": (clip, {}, LOWER_IMAGE),
    "clip-partial, text": (clip, {}, LOWER_TEXT),
    "slip": (slip, head_shapes("slip.image_mlp."), []),
    "masked-cl, view": (masked_view, head_shapes("masked.image_mlp."), []),
    "masked-cl, ema": (masked_ema, predictor_shapes(W), []),
    "masked-cl, pixels": (masked_pixels, predictor_shapes(3 * PATCH**2), []),
    "flip": (flip, {}, []),
    "coca": (coca, COCA, []),
    "filip": (lambda p: clip(p) + filip_tokens(p), FILIP, []),
    "filip, token-wise alone": (filip_tokens, FILIP, ["visual.proj", "text_projection", "logit_scale"]),
    "siglip": (siglip, {"siglip.logit_scale": (), "siglip.logit_bias": ()}, ["logit_scale"]),
    "gloria": (gloria, {"gloria.image_proj.weight": (16, W), "gloria.text_proj.weight": (16, W)}, []),
    "declip": (declip, DECLIP, ["declip.queue"]),
}


result = {}
for name, (loss_of, own, frozen) in METHODS.items():
    shapes = {**TOWERS, **own}
    p = {key: torch.nn.Parameter(value(key, shape), requires_grad=key not in frozen) for key, shape in shapes.items()}
    loss = loss_of(p)
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
