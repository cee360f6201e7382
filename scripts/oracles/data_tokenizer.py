"""Makes packages/data/fixtures/clip-tokens.json: texts with their ids by open_clip's own tokenizer.

Run: python scripts/oracles/data_tokenizer.py [VQA-RAD folder]
Made with open_clip_torch 3.3.0, ftfy 6.3.1, regex 2026.11.15, Python 3.11.
`texts` are checked one by one; `vqaRad` is the SHA-256 of the ids of all questions of VQA-RAD (train, then test; each
row's ids joined by blanks, rows by line feeds), kept from the existing file if no folder is given. `batch` is the padded form; `entities` has the
SHA-256 of all named character references of HTML 5, decoded one by one and joined by line feeds.
"""
import hashlib
import html
import itertools
import json
import pathlib
import random
import sys

from open_clip.tokenizer import SimpleTokenizer

OUT = pathlib.Path(__file__).parents[2] / "packages/data/fixtures/clip-tokens.json"
tokenizer = SimpleTokenizer()
rng = random.Random(7)

HAND = """
a photo of a cat|a diagram|a dog|Chest X-ray shows no pneumothorax.|adenocarcinoma|It's 3.5cm\n  wide
microcalcifications in the left breast|\u03bcm|H&amp;E stain|Ki-67 &gt; 20%|patient's 2nd MRI|h\u00e9llo|\U0001f600
Axial T2-weighted MRI of the brain showing a 3.2 \u00d7 2.1 cm ring-enhancing lesion (arrow).
(A) H&E, \u00d7400. (B) CD20+ B-cells; scale bar = 50 \u00b5m.
Bilateral ground-glass opacities, SARS-CoV-2 (day 12)|p53-/- mice, p<0.001, n=12/24|IgG4\u2013related disease
The patient\u2019s \u201ccoin lesion\u201d|don't won't I'll we've they're he'd I'm it's IT'S|rock'n'roll 'tis 's 'S
T\u2081 and T\u00b2 and \u00bd and \u2167 and \u2460|\u0661\u0662\u0663 \u0967\u0968|10^-3 mm\u00b2/s, b=1000|~5% +/- 2.0
na\u00efve caf\u00e9|nai\u0308ve cafe\u0301|\u00c5ngstr\u00f6m A\u030angstrom|Sj\u00f6gren's syndrome|Beh\u00e7et|\u0130stanbul I\u0307
STRASSE Stra\u00dfe \u1e9e|\u039f\u03b4\u03cc\u03c2 \u039f\u0394\u039f\u03a3|\u017fecret '\u017f|\u212aelvin 5\u212b|\ufb01brosis \ufb02ow \ufb03 \ufb05
\uff28\uff25 \u3000wide\uff01|\uff76\uff80\uff76\uff85|\u80ba\u708e\u306eX\u7dda|\ubc29\uc0ac\uc120|\u0440\u0435\u043d\u0442\u0433\u0435\u043d|\u0623\u0634\u0639\u0629|\u05e8\u05e0\u05d8\u05d2\u05df|\u0939\u093f\u0928\u094d\u0926\u0940|\u0e44\u0e17\u0e22
\U0001f468\u200d\u2695\ufe0f doctor|\U0001f1e8\U0001f1ed|\u2764\ufe0f|\U0001fac1 lungs \U0001f9e0 brain|:-) ;-)|\u2192\u2190\u2265\u2264\u00b1\u00d7\u00f7\u00b0
&lt;b&gt;bold&lt;/b&gt;|<b>&amp;</b>|&amp;amp;lt;|&amp;amp;amp;amp;|&amp|&ampere|&notit;|&not;it|&copy 2020|&copy;&reg;|&EACUTE;|&Eacute;&eacute;|&NTILDE;|&nbsp;x&nbsp;|&hellip;&ndash;&mdash;
&#181;m &#xb5;M &#8805; &#x2265|&#65|&#0;|&#128;&#150;|&#xD800;|&#x110000;|&#1;x|&#11;y|&#xFEFF;z|&#xFFFE;z|&bogus;|&;|&#;|&#x;|AT&T|R&D;|a&b;c|&sub;&sup2;&times;|&CounterClockwiseContourIntegral;|&ThickSpace;|&fjlig;|&notin;&notinva;
a\tb\nc\r\nd\re|a\u00a0b\u2003c\u2009d|a\u200bb|a\u200db|a\u00adb|\ufeffBOM|a\u2028b\u2029c|x\u0085y|bell\u0007 null\u0000|\u001b[31mred\u001b[0m|a\u001fb|a\u001cb|del\u007f|\u206aq|\ufffcobj|\ufffd
   lead and trail   |....|!!!|!|?!|--|___|a_b_c|snake_case CamelCase|\\n \\t|"quoted"|`code`|$100 \u20ac50 \u00a35|#hashtag @user|http://example.org/a?b=c&d=e|user@example.org|C:\\dir|1,234,567.89|12:30|2020-01-01|50/50|(())[]{}
pneumonoultramicroscopicsilicovolcanoconiosis|antidisestablishmentarianism|hepatosplenomegaly|cholangiocarcinoma|glioblastoma multiforme, IDH-wildtype|ER+/PR+/HER2\u2212|BI-RADS 4A|Gleason 3+4=7|TNM: pT2N0M0|DLCO 45%|LVEF 35\u201340%
\u0345|a\u0345b|\u0301|e\u0301\u0302|\u00b2\u00b3|x\u00b2|\u2122|\u2126 \u03a9|\u01c5 \u0149|\u24b6\u24d0|\u02bcn \u2018a\u2019 \u201ab|\u201cx\u201d \u201ey|\u00abz\u00bb|\u2032 \u2033|a\u2010b\u2011c\u2012d|\u2212|\u00b7|\u2022 item|1\u00ba 2\u00aa|\u0660
\U00010400\U00010428|\U0001d400\U0001d7d8|\U00020000|\u2f800|\u1100\u1161|\u212b|\u03d0\u03f5|\u0390|\u1fd3|\ua64b|\u10d0\u1c90|\u13a0\uab70
"""
texts = [""," ","\n\t ","a","A","0","00","\u00e9"]
for line in HAND.strip("\n").split("\n"):
    texts += line.split("|")
# The lists above are split at line feeds. These texts contain line feeds.
texts += ["It's 3.5cm\n  wide", "a\nb\n\nc &amp; <i>\n&amp;eacute; x", "one &eacute;\ntwo <b> &EACUTE;\nthree &EACUTE;", "a\r\nb", "tab\there"]

subjects = ["chest X-ray", "axial CT", "H&E-stained section", "fundus photograph", "Dermoscopic image", "T1w MRI", "mammogram (CC view)"]
findings = ["consolidation in the right lower lobe", "a 2.5-cm spiculated mass", "no acute abnormality", "drusen & haemorrhages", "poorly differentiated carcinoma", "Kerley B lines", "cardiomegaly; small effusions", "melanoma, Breslow 1.2 mm"]
texts += [f"{s} showing {f}." for s, f in itertools.product(subjects, findings)]
letters = "abcdefghijklmnopqrstuvwxyz"
texts += ["".join(rng.choice(letters) for _ in range(rng.randint(1, 24))) for _ in range(20)]
texts += ["".join(chr(rng.choice([rng.randint(33, 126), rng.randint(0x3b1, 0x3c9), rng.randint(0x4e00, 0x4eff), 32])) for _ in range(12)) for _ in range(20)]
texts += ["lesion " * 100, "x" * 500, "a1" * 90, "\U0001f600" * 60, ("Fig. 1. " + "hepatic " * 30 + "\n") * 3]
texts = list(dict.fromkeys(texts))

previous = json.loads(OUT.read_text()) if OUT.exists() else {}
vqa = previous.get("vqaRad")
if len(sys.argv) > 1:
    rows = [row for split in ("train", "test") for row in json.loads((pathlib.Path(sys.argv[1]) / f"{split}set.json").read_text())]
    ids = "\n".join(" ".join(map(str, tokenizer.encode(row["question"]))) for row in rows)
    vqa = {"count": len(rows), "sha256": hashlib.sha256(ids.encode()).hexdigest()}
entities = sorted(html.entities.html5)
decoded = "\n".join(html.unescape(f"&{name}") for name in entities)
batch_texts = ["a photo of a cat", "", "lesion " * 100, "x " * 6, "x " * 5]
OUT.write_text(json.dumps({
    "texts": [[text, tokenizer.encode(text)] for text in texts],
    "batch": {"texts": batch_texts, "contextLength": 8, "ids": tokenizer(batch_texts, 8).flatten().tolist(),
              "ids77": tokenizer(batch_texts, 77).flatten().tolist()},
    "entities": {"names": entities, "sha256": hashlib.sha256(decoded.encode()).hexdigest()},
    "vqaRad": vqa,
}, ensure_ascii=True, separators=(",", ":")).replace("],[", "],\n[") + "\n")
print(len(texts), "texts", len(tokenizer.encoder), "symbols", OUT.stat().st_size, "bytes")
