"""Fits the same probe with scikit-learn and prints a line of JSON. See probe.mjs."""
import json
import resource
import sys
import time

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

spec = json.loads(sys.argv[1])
x, y = np.load(spec["folder"] + "/x.npy"), np.load(spec["folder"] + "/y.npy")
n = spec["rows"]
begin = time.perf_counter()
best, chosen = -1.0, None
for c in spec["grid"]:
    accuracy = LogisticRegression(C=c, max_iter=1000).fit(x[:n], y[:n]).score(x[n:], y[n:])
    if accuracy > best:
        best, chosen = accuracy, c
LogisticRegression(C=chosen, max_iter=1000).fit(x, y).decision_function(x[n:])
seconds = time.perf_counter() - begin
peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
print(json.dumps({"seconds": seconds, "C": chosen, "validation": best, "peakMiB": peak, "versions": versions}))
