"""Makes packages/data/assets/clip-merges.txt.gz: the 48,894 merges of CLIP's vocabulary, one per line, gzipped.

Run: python scripts/oracles/clip_merges.py   (needs open_clip_torch; made with 3.3.0)
The source file carries a header line and 213,000 further merges that CLIP does not use; both are left out.
"""
import gzip
import hashlib
import pathlib

from open_clip.tokenizer import default_bpe

SOURCE_SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
OUT = pathlib.Path(__file__).parents[2] / "packages/data/assets/clip-merges.txt.gz"

source = pathlib.Path(default_bpe()).read_bytes()
assert hashlib.sha256(source).hexdigest() == SOURCE_SHA256
lines = gzip.decompress(source).decode("utf-8").split("\n")[1 : 49152 - 256 - 2 + 1]
assert len(lines) == 48894 and lines[0] == "i n" and lines[-1] == "jeky ll</w>"
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode("utf-8"), 9, mtime=0))
print(OUT.name, OUT.stat().st_size, "bytes")
