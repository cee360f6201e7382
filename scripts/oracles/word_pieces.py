"""Makes packages/data/assets/word-pieces.txt.gz: the small vocabulary of the demo's BERT, at most 4,096 uncased pieces.

Run: python scripts/oracles/word_pieces.py
Made with tokenizers 0.23.3. It reads this repository's own texts: the words of the phantoms and their captions, class names
and prompts of the tasks (the texts in quotes in their sources), and the documentation. All are under the project's licence.
When these texts change, the vocabulary need not follow. A new one changes the keys of every run that uses it.
"""
import gzip
import pathlib
import re

from tokenizers import BertWordPieceTokenizer

ROOT = pathlib.Path(__file__).parents[2]
OUT = ROOT / "packages/data/assets/word-pieces.txt.gz"
SIZE = 4096
QUOTED = re.compile(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`")

HASH = re.compile(r"[0-9a-f]{8}")


def quoted(path: pathlib.Path) -> list[str]:
    found = ("".join(groups) for groups in QUOTED.findall(path.read_text(encoding="utf8")))
    return [text for text in found if not text.startswith(("@medbench", "node:", "./", "../")) and not HASH.search(text)]


sources = [path for folder in ("phantoms", "task-kit", "corpora-phantoms", "tasks-*", "corpora-*")
           for path in sorted(ROOT.glob(f"packages/{folder}/src/**/*.ts")) if not path.name.endswith(".test.ts")]
documents = sorted(ROOT.glob("docs/*.md")) + sorted(ROOT.glob("packages/*/README.md")) + [ROOT / "README.md"]
# Captions are what the vocabulary is for, so their words count more than those of the documentation.
texts = [text for path in sources for text in quoted(path)] * 4 + [path.read_text(encoding="utf8") for path in documents]
tokenizer = BertWordPieceTokenizer(lowercase=True)
tokenizer.train_from_iterator(texts, vocab_size=SIZE, min_frequency=2, limit_alphabet=120, show_progress=False)
vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
assert [index for _, index in vocabulary] == list(range(len(vocabulary))) and len(vocabulary) <= SIZE
OUT.write_bytes(gzip.compress("\n".join([piece for piece, _ in vocabulary] + [""]).encode(), 9, mtime=0))
print(len(vocabulary), "pieces", OUT.stat().st_size, "bytes")
