"""Computes the same ranks with NumPy in blocks and prints a line of JSON. See retrieval.mjs."""
import json
import resource
import sys
import time

import numpy as np

spec = json.loads(sys.argv[1])
n, d = spec["pairs"], spec["width"]
images = np.fromfile(spec["folder"] + "/images.f32", dtype=np.float32).reshape(n, d)
texts = np.fromfile(spec["folder"] + "/texts.f32", dtype=np.float32).reshape(n, d)
ROWS, COLS = 1024, 4096
begin = time.perf_counter()
# The scores of positives come from the same products as all others, so that each equals itself exactly.
own = np.empty(n, np.float32)
for i in range(0, n, ROWS):
    own[i : i + ROWS] = np.diagonal(images[i : i + ROWS] @ texts[i : i + ROWS].T)
image_ranks, text_ranks = np.ones(n, np.int64), np.ones(n, np.int64)
for i in range(0, n, ROWS):
    rows = slice(i, min(n, i + ROWS))
    for t in range(0, n, COLS):
        cols = slice(t, min(n, t + COLS))
        scores = images[rows] @ texts[cols].T
        low, high = max(rows.start, cols.start), min(rows.stop, cols.stop)
        if low < high:
            at = np.arange(low, high)
            scores[at - rows.start, at - cols.start] = -np.inf
        image_ranks[rows] += np.count_nonzero(scores >= own[rows, None], axis=1)
        text_ranks[cols] += np.count_nonzero(scores >= own[None, cols], axis=0)
seconds = time.perf_counter() - begin
peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
np.concatenate([image_ranks, text_ranks]).astype(np.int32).tofile(spec["folder"] + "/numpy.i32")
recall = [float((ranks <= 200).mean()) for ranks in (image_ranks, text_ranks)]
print(json.dumps({"seconds": seconds, "recall": recall, "peakMiB": peak, "versions": {"numpy": np.__version__}}))
