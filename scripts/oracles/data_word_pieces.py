"""Makes packages/data/fixtures/word-pieces.json.gz: checksums of the word pieces of the texts in many-texts.json.gz, by
open_clip's HFTokenizer around Hugging Face's BertTokenizer, uncased and cased.

Run: python scripts/oracles/data_word_pieces.py
Made with open_clip_torch 3.3.0, transformers 5.23.0, tokenizers 0.23.3, ftfy 6.3.1, Python 3.11.
The vocabulary is made for the test: `letters`, each as the start and as the continuation of a word, and `pieces`, which a
trainer found in the texts. Some letters are left out, so that words with them are unknown. `checks` has, for each text, the
first eight hexadecimal digits of the SHA-256 of its ids joined by blanks; `ids` the ids of every 50th text in full; `batch`
the ids of some texts in a context of 16, padded and cut. Special tokens are taken literally, as medbench does
(`split_special_tokens`); `special` counts the texts for which they change the ids otherwise. `accents` are the ids with lower case but accents kept, and
with accents stripped but case kept, of every 20th text.
"""
import gzip
import hashlib
import html
import json
import pathlib
import tempfile
import unicodedata

import ftfy
from open_clip.tokenizer import HFTokenizer, whitespace_clean
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

ROOT = pathlib.Path(__file__).parents[2] / "packages/data/fixtures"
OUT = ROOT / "word-pieces.json.gz"
texts = json.loads(gzip.decompress((ROOT / "many-texts.json.gz").read_bytes()))["texts"]
# Lone surrogates cannot be passed to the tokenizer; the cleaning has replaced them before.
clean = lambda text: whitespace_clean(html.unescape(html.unescape(ftfy.fix_text(text))).strip())
cleaned = [clean(text) for text in texts]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def trained(lower: bool) -> list[str]:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=2600, limit_alphabet=800, show_progress=False)
    tokenizer.train_from_iterator(cleaned[:6000], trainer)
    return sorted(piece for piece in tokenizer.get_vocab() if len(piece.removeprefix("##")) > 1)


forms = {letter for text in cleaned for form in (text, text.lower(), unicodedata.normalize("NFD", text), unicodedata.normalize("NFD", text).lower()) for letter in form}
letters = [letter for i, letter in enumerate(sorted(forms)) if i % 23 != 7 and not letter.isspace()]
pieces = sorted(set(trained(True)) | set(trained(False)))
vocabulary = SPECIAL + letters + ["##" + letter for letter in letters] + pieces


def build(**options) -> HFTokenizer:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf8")
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **options}))
        return HFTokenizer(name)


def ids(tokenizer: HFTokenizer, all_texts, literal=True):
    return [tokenizer.tokenizer(text, add_special_tokens=False, split_special_tokens=literal).input_ids for text in all_texts]


def checks(rows) -> str:
    return "".join(hashlib.sha256(" ".join(map(str, row)).encode()).hexdigest()[:8] for row in rows)


result = {"letters": "".join(letters), "pieces": pieces}
short = texts[:40] + texts[4000:4010] + ["", "lesion " * 40, "x" * 101, "a" * 100]
for name, options in {"uncased": {"do_lower_case": True}, "cased": {"do_lower_case": False}}.items():
    tokenizer = build(**options)
    assert len(tokenizer.tokenizer) == len(vocabulary), (len(tokenizer.tokenizer), len(vocabulary))
    rows = ids(tokenizer, cleaned)
    result[name] = {
        "checks": checks(rows),
        "ids": rows[::50],
        "special": sum(row != other for row, other in zip(rows, ids(tokenizer, cleaned, literal=False))),
        "batch": tokenizer(short, context_length=16).tolist(),
        "unknown": sum(row.count(1) for row in rows),
    }
some = cleaned[:10_000:20]
result["accents"] = {"kept": checks(ids(build(do_lower_case=True, strip_accents=False), some)),
                     "stripped": checks(ids(build(do_lower_case=False, strip_accents=True), some)),
                     "chinese": checks(ids(build(do_lower_case=True, tokenize_chinese_chars=False), some))}
result["short"] = short
OUT.write_bytes(gzip.compress(json.dumps(result, separators=(",", ":")).encode(), 9, mtime=0))
print(len(vocabulary), "pieces", OUT.stat().st_size, "bytes", {name: (result[name]["special"], result[name]["unknown"]) for name in ("uncased", "cased")})
