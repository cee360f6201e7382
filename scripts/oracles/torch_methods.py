"""The two towers and the losses of the study's eight methods in PyTorch, for the oracle (`method_steps.py`) and for bench:step.

Written from the papers' equations on PyTorch's own losses and layers, independently of the TypeScript. All sizes are those of the
parameters, which are named as OpenAI's CLIP names them. Batches are dictionaries: `images` [B, 3, H, W], `ids` [B, L] int64, and
the drawn inputs of a method.
"""

import torch
import torch.nn.functional as F

HEAD = 64
IGNORED = -100


def norm(p, name, x):
    return F.layer_norm(x, (x.shape[-1],), p[name + ".weight"], p[name + ".bias"])


def attend(q, k, v, causal=False):
    split = lambda x: x.unflatten(-1, (-1, HEAD)).transpose(1, 2)
    return F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=causal).transpose(1, 2).flatten(2)


def feed_forward(p, name, x):
    h = F.linear(norm(p, name + "ln_2", x), p[name + "mlp.c_fc.weight"], p[name + "mlp.c_fc.bias"])
    return x + F.linear(h * torch.sigmoid(1.702 * h), p[name + "mlp.c_proj.weight"], p[name + "mlp.c_proj.bias"])


def block(p, name, x, causal=False):
    q, k, v = F.linear(norm(p, name + "ln_1", x), p[name + "attn.in_proj_weight"], p[name + "attn.in_proj_bias"]).chunk(3, -1)
    x = x + F.linear(attend(q, k, v, causal), p[name + "attn.out_proj.weight"], p[name + "attn.out_proj.bias"])
    return feed_forward(p, name, x)


def cross_block(p, name, x, context):
    """A cross-attention block: its keys and values come from the context."""
    wq, wk, wv = p[name + "attn.in_proj_weight"].chunk(3)
    bq, bk, bv = p[name + "attn.in_proj_bias"].chunk(3)
    kv = norm(p, name + "ln_1_kv", context)
    mixed = attend(F.linear(norm(p, name + "ln_1", x), wq, bq), F.linear(kv, wk, bk), F.linear(kv, wv, bv))
    return feed_forward(p, name, x + F.linear(mixed, p[name + "attn.out_proj.weight"], p[name + "attn.out_proj.bias"]))


def blocks(p, prefix):
    """Number of blocks under a prefix."""
    return len([name for name in p if name.startswith(prefix) and name.endswith(".ln_1.weight")])


def through(p, prefix, x, causal=False):
    for i in range(blocks(p, prefix)):
        x = block(p, f"{prefix}{i}.", x, causal)
    return x


class Image:
    """The image tower on a batch. Outputs are computed on demand."""

    def __init__(self, p, x, kept=None):
        self.p = p
        kernel = p["visual.conv1.weight"]
        grid = F.conv2d(x, kernel, stride=kernel.shape[-1]).flatten(2).transpose(1, 2) + p["visual.positional_embedding"][1:]
        if kept is not None:
            grid = torch.gather(grid, 1, kept[:, :, None].expand(-1, -1, grid.shape[2]))
        first = (p["visual.class_embedding"] + p["visual.positional_embedding"][0]).expand(x.shape[0], 1, -1)
        h = norm(p, "visual.ln_pre", torch.cat([first, grid], 1))
        self.hidden = through(p, "visual.transformer.resblocks.", h)

    def tokens(self):
        return norm(self.p, "visual.ln_post", self.hidden[:, 1:])

    def pooled(self):
        return norm(self.p, "visual.ln_post", self.hidden[:, 0])

    def embedding(self):
        return self.pooled() @ self.p["visual.proj"]


class Text:
    """The text tower on a batch. Outputs are computed on demand."""

    def __init__(self, p, ids):
        self.p, self.ids = p, ids
        x = F.embedding(ids, p["token_embedding.weight"]) + p["positional_embedding"]
        self.hidden = through(p, "transformer.resblocks.", x, causal=True)

    def tokens(self):
        return norm(self.p, "ln_final", self.hidden)

    def pooled(self):
        rows = torch.arange(self.ids.shape[0])
        return norm(self.p, "ln_final", self.hidden[rows, self.ids.argmax(1)])

    def embedding(self):
        return self.pooled() @ self.p["text_projection"]


def matching(z):
    """Cross-entropy in which the target of each row is the column of the same index."""
    return F.cross_entropy(z, torch.arange(z.shape[0]))


def info_nce(u, w, log_scale):
    z = log_scale.exp() * F.normalize(u, dim=-1) @ F.normalize(w, dim=-1).T
    return (matching(z) + matching(z.T)) / 2


def contrast(p, image, text):
    return info_nce(image.embedding(), text.embedding(), p["logit_scale"])


def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=-1)
    both, one = z.shape[0], a.shape[0]
    logits = (z @ z.T / temperature).masked_fill(torch.eye(both, dtype=torch.bool), float("-inf"))
    return F.cross_entropy(logits, (torch.arange(both) + one) % both)


def head(p, name, x):
    """SLIP's projection head."""
    for i in (1, 2):
        x = F.linear(x, p[f"{name}layer{i}.weight"], p[f"{name}layer{i}.bias"])
        x = F.relu(F.batch_norm(x, None, None, p[f"{name}bn{i}.weight"], p[f"{name}bn{i}.bias"], training=True))
    return F.linear(x, p[f"{name}layer3.weight"], p[f"{name}layer3.bias"])


def clip(p, batch):
    return contrast(p, Image(p, batch["images"]), Text(p, batch["ids"]))


def slip(p, batch):
    views = [head(p, "slip.image_mlp.", Image(p, batch[view]).pooled()) for view in ("first", "second")]
    return clip(p, batch) + nt_xent(*views, 0.1)


def masked_view(p, batch):
    views = [head(p, "masked.image_mlp.", Image(p, batch["images"], batch[kept]).pooled()) for kept in ("first", "second")]
    return clip(p, batch) + nt_xent(*views, 0.1)


def flip(p, batch):
    return contrast(p, Image(p, batch["images"], batch["kept"]), Text(p, batch["ids"]))


def next_words(ids):
    """Targets of the tokens: the next token, up to the end token."""
    ends = ids.argmax(1)
    return ids[:, 1:].masked_fill(torch.arange(1, ids.shape[1])[None] > ends[:, None], IGNORED)


def coca(p, batch):
    ids = batch["ids"]
    image, text = Image(p, batch["images"]), Text(p, ids)
    n = "coca.attn_pool."
    query = norm(p, n + "ln_q", p[n + "query"])
    seen = norm(p, n + "ln_k", image.tokens())
    bq, bk, bv = p[n + "attn.in_proj_bias"].chunk(3)
    asked = (query @ p[n + "attn.q_proj_weight"].T + bq).expand(ids.shape[0], -1, -1)
    pooled = attend(asked, F.linear(seen, p[n + "attn.k_proj_weight"], bk), F.linear(seen, p[n + "attn.v_proj_weight"], bv))
    context = F.linear(pooled, p[n + "attn.out_proj.weight"], p[n + "attn.out_proj.bias"])
    n = "coca.text_decoder."
    x = text.hidden[:, :-1]
    for i in range(blocks(p, n + "resblocks.")):
        x = block(p, f"{n}resblocks.{i}.", x, causal=True)
        x = cross_block(p, f"{n}cross_attn.{i}.", x, context)
    logits = norm(p, n + "ln_final", x) @ p[n + "text_projection"]
    caption = F.cross_entropy(logits.flatten(0, 1), next_words(ids).flatten(), ignore_index=IGNORED)
    return contrast(p, image, text) + 2 * caption


def words(ids):
    """Mask of the words of a text: without its start token, and without what follows its end token."""
    places = torch.arange(ids.shape[1])[None]
    return (places <= ids.argmax(1)[:, None]) & (places > 0)


def filip_tokens(p, image, text):
    """Token-wise contrast: the best word for each patch, and the best patch for each word."""
    v = F.normalize(F.linear(image.tokens(), p["filip.image_proj.weight"]), dim=-1)
    t = F.normalize(F.linear(text.tokens(), p["filip.text_proj.weight"]), dim=-1)
    mask = words(text.ids)
    s = p["filip.logit_scale"].exp()
    # [B, P, B, L]: images first, then texts.
    z = (v.flatten(0, 1) @ t.flatten(0, 1).T).unflatten(1, t.shape[:2]).unflatten(0, v.shape[:2])
    i2t = z.masked_fill(~mask, float("-inf")).max(3).values.mean(1)
    # The mean over the words of a text, as a weighted sum.
    t2i = torch.einsum("ijl,jl->ij", z.max(1).values, mask / mask.sum(1, keepdim=True))
    return (matching(s * i2t) + matching(s * t2i.T)) / 2


def filip(p, batch):
    image, text = Image(p, batch["images"]), Text(p, batch["ids"])
    return contrast(p, image, text) + filip_tokens(p, image, text)


# Losses by method id. They do not depend on which parameters are frozen.
LOSSES = {
    "clip": clip, "clip-locked": clip, "clip-partial": clip, "slip": slip,
    "masked-cl": masked_view, "flip": flip, "coca": coca, "filip": filip,
}
