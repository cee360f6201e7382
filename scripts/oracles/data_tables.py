"""Makes packages/formats/fixtures/tables.json: tables written by Python's csv and json, and the values that Python reads from them.

Run: python scripts/oracles/data_tables.py   (made with Python 3.11)
Fields hold commas, quotes, line breaks of all kinds, byte-order marks and other scripts, as Quilt-1M's captions do. The
files are larger than 1 MiB, so that rows and quotes lie across the edges of the reader's chunks.
"""
import base64
import csv
import hashlib
import io
import json
import pathlib
import random
import zlib

OUT = pathlib.Path(__file__).parents[2] / "packages/formats/fixtures/tables.json"
rng = random.Random(5)
PIECES = ['a "quoted" word', "one, two", "line\nbreak", "carriage\r\nreturn", "胸片 ü", '""', "tab\tin", "\ufeff", "end.", "'", " "]


def text(longest):
    return ("x" + " ".join(rng.choice(PIECES) for _ in range(rng.randint(1, 12))) + "x") * rng.randint(1, longest)


def table(n, longest):
    captions = [text(longest) for _ in range(n * 9 // 10)]
    captions += rng.choices(captions, k=n - len(captions))
    return [{"image": f"{i:06d}.jpg", "caption": c, "split": rng.choice(["train", "val"])} for i, c in enumerate(captions)]


def digest(rows):
    return hashlib.sha256("\n".join(json.dumps([r["image"], r["caption"]], ensure_ascii=False) for r in rows).encode()).hexdigest()


def as_csv(rows, **options):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["split", "image", "caption"], **options)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def as_jsonl(rows, **options):
    return "".join(json.dumps(r, **options) + "\n" for r in rows).encode()


# Rows that no writer of csv would write, but people do: a quote within a field that is not quoted.
MARKS = ['a 5" mass', '"quoted, with ""two"" marks"', '6"x7" lesion', 'ends in inches 5"', 'a ""double"" mark', '"line\nbreak"', 'plain']


def by_hand(delimiter):
    lines = [delimiter.join(["split", "image", "caption"])]
    # Long names, so that few rows fill the chunks.
    lines += [delimiter.join(["train", f"{i:0200d}.jpg", f"{MARKS[i % len(MARKS)]}"]) for i in range(6_000)]
    return ("\n".join(lines) + "\n").encode()


rows = table(700, 60)
cases = []
for name, content in {
    "crlf.csv": as_csv(rows, lineterminator="\r\n"),
    "lf.csv": as_csv(rows, lineterminator="\n"),
    "all-quoted.csv": as_csv(rows, quoting=csv.QUOTE_ALL),
    "bom.csv": b"\xef\xbb\xbf" + as_csv(rows[:50]),
    "tabs.tsv": as_csv(rows, delimiter="\t"),
    "marks.csv": by_hand(","),
    "marks.tsv": by_hand("\t"),
    "ascii.jsonl": as_jsonl(rows),
    "utf8.jsonl": as_jsonl(rows, ensure_ascii=False),
}.items():
    delimiter = "\t" if name.endswith(".tsv") else ","
    plain = content.decode("utf-8-sig")
    if name.endswith("jsonl"):
        back = [json.loads(line) for line in plain.split("\n") if line]
    else:
        back = list(csv.DictReader(io.StringIO(plain, newline=""), delimiter=delimiter))
    kept = [r for r in back if r["split"] == "train"]
    captions = [r["caption"] for r in kept]
    cases.append({
        "name": name,
        "bytes": len(content),
        "content": base64.b64encode(zlib.compress(content, 9)).decode(),
        "rows": len(kept),
        "others": len(back) - len(kept),
        "duplicates": len(captions) - len(set(captions)),
        "sha256": digest(kept),
        "some": {str(i): kept[i]["caption"][:200] for i in (0, 7, len(kept) - 1)},
    })
OUT.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")
