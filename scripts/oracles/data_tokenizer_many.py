"""Makes packages/data/fixtures/many-texts.json.gz: 10,700 strings with a checksum of their token ids by open_clip's tokenizer.

Run: python scripts/oracles/data_tokenizer_many.py
Made with open_clip_torch 3.3.0, ftfy 6.3.1, regex 2026.11.15, Python 3.11.
`kinds` are pairs [name, count], in the order of `texts`. `checks` has, for each text, the first eight hexadecimal digits of
the SHA-256 of its ids joined by blanks, and `ids` the ids of every 50th text in full. The special tokens are taken
literally, as medbench does: open_clip's pattern without its first two alternatives. `special` counts the texts for which
open_clip's full pattern gives other ids. `encoding` are the indices of the texts whose ids depend on ftfy's
guesses at wrong encodings.
Code points are limited to Unicode 14, the version of Python 3.11. Only some JavaScript runtimes know letters that were added later.
"""
import gzip
import hashlib
import html
import html.entities
import json
import pathlib
import random
import unicodedata

import ftfy
import regex
from open_clip.tokenizer import SimpleTokenizer, whitespace_clean

OUT = pathlib.Path(__file__).parents[2] / "packages/data/fixtures/many-texts.json.gz"
rng = random.Random(20240611)
pick, chance = rng.choice, lambda p: rng.random() < p

MODALITY = """chest X-ray|CXR (PA view)|axial CT|contrast-enhanced CT|T1-weighted MRI|T2w FLAIR|DWI/ADC map|H&E stain|H&amp;E|
PAS-stained section|IHC for CD20|fundus photograph|OCT B-scan|dermoscopic image|mammogram, MLO|18F-FDG PET/CT|ultrasound|
DSA|endoscopic view|panoramic radiograph|electron micrograph|Western blot|Giemsa smear|échographie|Röntgenbild|ecografía
""".replace("\n", "").split("|")
FINDING = """consolidation in the right lower lobe|a {n} × {n} cm spiculated mass|no acute abnormality|pneumothorax (arrow)|
ring-enhancing lesion|drusen & haemorrhages|poorly differentiated adenocarcinoma|Kerley B lines|cardiomegaly|ADC {n}×10⁻³ mm²/s|
ground-glass opacities|Sjögren’s syndrome|Behçet disease|Ménière's disease|“coin lesion”|IgG4–related disease|T₂ shine-through|
melanoma, Breslow {n} mm|BI-RADS {d}{l}|Gleason {d}+{d}={d}|pT{d}N{d}M0|Ki-67 > {n}%|Ki-67 &gt; {n}%|p<0.{d}{d}|α-fetoprotein {n} µg/L|
β₂-microglobulin ≥ {n} mg/L|the patient's {d}nd scan|she'd had {d} biopsies|it’s unchanged|they're stable|hepatosplenomegaly|{n}° flexion|
LVEF {n}–{n}%|SUVmax={n}|HER2−/ER+|SARS-CoV-2 (day {d}{d})|±{n} HU|TGF-β1/SMAD3|Na⁺/K⁺-ATPase|∼{n} µm|<i>H. pylori</i>|Th1/Th2 ratio
""".replace("\n", "").split("|")
END = [".", "", "...", "…", "!", " (a–c).", "\n", "; scale bar, 50 μm.", "; bar = 100 µm", " [12].", " ×400", " →", "\u00a0"]
ALPHABETS = [(0x61, 0x7A), (0xC0, 0x17F), (0x180, 0x24F), (0x250, 0x2AF), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x587),
             (0x5D0, 0x5F4), (0x620, 0x6FF), (0x904, 0x97F), (0x985, 0x9FE), (0xB83, 0xBFA), (0xE01, 0xE5B), (0xE81, 0xEDF),
             (0xF00, 0xFD4), (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137C), (0x13A0, 0x13FD),
             (0x1780, 0x17F9), (0x1820, 0x1878), (0x1C90, 0x1CBF), (0x1E00, 0x1EFF), (0x1F00, 0x1FFE), (0x2C00, 0x2C5F),
             (0x3041, 0x3096), (0x30A0, 0x30FF), (0x3105, 0x312F), (0x4E00, 0x9FA5), (0xA640, 0xA69F), (0xAB30, 0xABBF),
             (0xAC00, 0xD7A3), (0xFB00, 0xFB4F), (0xFB50, 0xFDFB), (0xFF01, 0xFFEF), (0x10400, 0x1044F), (0x1D400, 0x1D7FF),
             (0x1E900, 0x1E95F), (0x20000, 0x20400)]
SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\u2061\ufeff\u00ad\u034f\u061c\u180e\u206a\ufe0f\ufe0e\ufffc\ufff9"
EMOJI = "😀😷🤒🩻🩺🫁🫀🧠🦴🦷👩👨🧑💉💊🔬🧬❤✚☢☣⚕♥✓✔✗★☎⌚⏩🏥🚑"
NAMES = sorted(html.entities.html5)
SPECIAL = ["<start_of_text>", "<end_of_text>", "<START_OF_TEXT>", "<End_Of_Text>", "<|endoftext|>", "<|startoftext|>", "</w>", "&lt;end_of_text&gt;",
           "<start_of_text", "start_of_text>", "[CLS]", "<s>", "</s>", "<pad>", "<unk>", "'s", "'S", "’s", "'T", "'rE", "'Ll", "'d'd", "'ſ", "''s", "'m've"]
FOREIGN = """Größe der Läsion über 3 cm|nódulo pulmonar sólido en el lóbulo superior|épanchement pleural à gauche|patient’s “left” lung|5 ± 2 µm²|
≥ 3 mm → biopsy|α-synuclein|β-catenin, Δψ|scale bar – 50 µm|café au lait|naïve T cells|Ångström|Sjögren|Ménière—Krankheit|90° ×40|©2020 Elsevier®|€50 £5|
Рентген грудной клетки|胸部X線|방사선|אבג|صورة الأشعة|Łódź żółć|Čeština řeka|ελληνικά|Türkçe ığüşöç|Ārste ķīļa|½ dose|…|™|Straße|œdème|Œuvre|– — ‘x’|😀 ok|⁻¹ ²
""".replace("\n", "").split("|")
PAGES = ["latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso-8859-2", "mac-roman", "cp437"]


def number():
    return pick([str(rng.randint(0, 300)), f"{rng.uniform(0, 20):.1f}", f"{rng.uniform(0, 2):.3f}", f"{rng.randint(1, 9)},{rng.randint(100, 999)}"])


def caption():
    parts = []
    for _ in range(rng.randint(1, 3)):
        finding = pick(FINDING)
        while "{" in finding:
            finding = finding.replace("{n}", number(), 1).replace("{d}", str(rng.randint(0, 9)), 1).replace("{l}", pick("ABCabc"), 1)
        parts.append(f"{pick(['', '(A) ', 'Fig. 2. ', 'b, '])}{pick(MODALITY)} {pick(['showing', 'with', 'shows', 'of', '–', 'demonstrates', ':'])} {finding}{pick(END)}")
    return pick([" ", "  ", "\n", "; ", "<br>", "&nbsp;"]).join(parts)


def letters(low, high, count):
    out = []
    while len(out) < count:
        c = chr(rng.randint(low, high))
        if unicodedata.category(c) not in ("Cn", "Co", "Cs"):
            out.append(c)
    return "".join(out)


def word():
    return letters(*pick(ALPHABETS), rng.randint(1, 6))


def scripts():
    return pick([" ", "", "-", "\u3000", ", "]).join(word() for _ in range(rng.randint(1, 5)))


def marks():
    return "".join(pick("aeiounAEIOsczy αик") + "".join(letters(*pick([(0x300, 0x36F), (0x300, 0x36F), (0x591, 0x5C7), (0x64B, 0x65F), (0x93A, 0x94D), (0x20D0, 0x20F0), (0x1AB0, 0x1ACE)]), rng.randint(0, 3)))
                   for _ in range(rng.randint(1, 9)))


def emoji():
    one = lambda: pick([pick(EMOJI), pick(EMOJI) + "\ufe0f", pick("👩👨🧑👍🤚") + pick("🏻🏼🏽🏾🏿"), pick("👩👨🧑") + "\u200d⚕\ufe0f",
                        chr(rng.randint(0x1F1E6, 0x1F1FF)) + chr(rng.randint(0x1F1E6, 0x1F1FF)), pick("0123#*") + "\ufe0f\u20e3", ":-)", letters(0x1F300, 0x1F64F, 1)])
    return "".join(one() + pick(["", "", " ", "ok ", "!"]) for _ in range(rng.randint(1, 6)))


def control():
    return "".join(pick([chr(rng.randint(0, 31)), chr(rng.randint(0x7F, 0x9F)), pick(INVISIBLE), "\x1b[31m", "\x1b[0;1m", "\x1b[K", "\r\n", pick(SPACES)]) + pick(["", "x", "lung", " 3", "é", "."])
                   for _ in range(rng.randint(1, 6)))


def far():
    return pick([rng.randint(0xD800, 0xDFFF), rng.randint(0x10FFFE, 0x110010), rng.randint(0xFDD0, 0xFDEF), ord(letters(0xE000, 0x2FFFF, 1))])


def entity():
    def one():
        name = pick(NAMES)
        plain = pick([f"&{name}", f"&{name.rstrip(';')}", f"&{name.upper()}", f"&{name.lower()}", f"&#{rng.randint(0, 1200)};", f"&#x{rng.randint(0, 0x2600):x};", f"&#X{rng.randint(0, 0x2600):X}",
                      f"&#{rng.randint(120, 170)}", f"&#{far()};", "&amp;", "&lt;b&gt;", "&;", "&#;", "&#x;", "&#xZ;", "& ", "&&", "&nosuch;", "&quot;", "&nbsp;", "&apos;s", "&eacute;"])
        while chance(0.25):
            plain = plain.replace("&", "&amp;")
        return plain
    return "".join(one() + pick(["", " ", "x", "2 ", "=", ";", "\n"]) for _ in range(rng.randint(1, 4))) + pick(["", "", "", " <i>", "<sup>2</sup>"])


def mojibake():
    while True:
        text = pick(FOREIGN)
        if chance(0.3):
            text = f"{pick(MODALITY)} {text}"
        for _ in range(pick([1, 1, 1, 1, 2])):
            page = pick(PAGES[:2] * 4 + PAGES)
            text = "".join(bytes([b]).decode(page, "replace") if page != "cp1252" else bytes([b]).decode(page, "ignore") or chr(b) for b in text.encode())
        if "\ufffd" not in text or chance(0.2):
            break
    return pick([text, text, text, f"{pick(FOREIGN)} {text}", f"{text}\n{caption()}", text.replace("\xa0", " ")])


def code_points():
    out = []
    while len(out) < rng.randint(1, 16):
        c = chr(pick([rng.randint(32, 126), rng.randint(0xA1, 0x2FF), rng.randint(0x300, 0xFFFF), rng.randint(0x2000, 0x2BFF), rng.randint(0x10000, 0x1FFFF), rng.randint(0xD800, 0xDFFF) if chance(0.2) else 32]))
        if unicodedata.category(c) not in ("Cn", "Co"):
            out.append(c)
    # JavaScript reads a high and a low surrogate next to each other as one character, so no test can tell them apart.
    return regex.sub(r"[\ud800-\udfff]+", "\ud83d", "".join(out))


def spaces():
    return "".join(pick([pick(SPACES), pick(SPACES), " ", pick("a1.")]) for _ in range(rng.randint(0, 7)))


def symbols():
    return "".join(pick([pick("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), pick("±×÷°·•–—‘’“”„«»…→≤≥≠≈∞√∑§¶†‡™®©€£¥¢µ"), pick("aB3 "), letters(0x2070, 0x209C, 1), letters(0x2150, 0x218B, 1), pick(["http://", "it's", "a_b", "C:\\", "n=3"])])
                   for _ in range(rng.randint(1, 14)))


def special():
    return pick(["", "a ", "lung"]) + pick(SPECIAL) + pick(["", " ", "x", "3", " lesion"]) + pick(["", pick(SPECIAL)])


def long():
    unit = pick([lambda: "lesion ", caption, scripts, emoji, lambda: "a1", lambda: "x", lambda: word() + " "])
    return (unit() * 400)[: rng.randint(150, 1500)]


KINDS = [(caption, 3300), (scripts, 1500), (marks, 800), (emoji, 600), (control, 1000), (entity, 900), (code_points, 900), (spaces, 300), (symbols, 400), (special, 260), (long, 40), (mojibake, 700)]
texts = [kind() for kind, count in KINDS for _ in range(count)]
assert len(texts) == 10_700

tokenizer = SimpleTokenizer()
literal = SimpleTokenizer()
literal.pat = regex.compile(tokenizer.pat.pattern.split("|", 2)[2], regex.IGNORECASE)
ids = [literal.encode(text) for text in texts]


def unguessed(text):
    literal.clean_fn = lambda t: whitespace_clean(html.unescape(html.unescape(ftfy.fix_text(t, fix_encoding=False))).strip()).lower()
    row = literal.encode(text)
    literal.clean_fn = tokenizer.clean_fn
    return row


lines = [" ".join(map(str, row)) for row in ids]
sha = lambda line: hashlib.sha256(line.encode()).hexdigest()
result = {
    "kinds": [[kind.__name__.replace("_", " "), count] for kind, count in KINDS],
    "texts": texts,
    "checks": "".join(sha(line)[:8] for line in lines),
    "ids": ids[::50],
    "encoding": [i for i, (text, row) in enumerate(zip(texts, ids)) if unguessed(text) != row],
    "special": sum(tokenizer.encode(text) != row for text, row in zip(texts, ids)),
}
OUT.write_bytes(gzip.compress(json.dumps(result, separators=(",", ":")).encode(), 9, mtime=0))
print(len(texts), "texts", len(set(texts)), "different", result["special"], "with special tokens", OUT.stat().st_size, "bytes")
