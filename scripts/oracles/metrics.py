"""Makes packages/evaluation/fixtures/{metrics,logistic,probes,compare}.json: metrics, logistic regressions, test statistics.

Run: python scripts/oracles/metrics.py   (made with NumPy 2.4.6, scikit-learn 1.9.1, SciPy 1.17.1, Python 3.11)
"""
import json
import pathlib

import numpy as np
from scipy import stats
from sklearn import datasets, metrics
from sklearn.linear_model import LogisticRegression

OUT = pathlib.Path(__file__).parents[2] / "packages/evaluation/fixtures"


def write(name, value):
    (OUT / f"{name}.json").write_text(json.dumps(value) + "\n")


def calibration_error(probabilities, labels, bins=15):
    """Guo et al. 2017, eq. 3, bin by bin."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def metric_case(rng, classes, n, ties):
    priors = rng.dirichlet(np.ones(classes) * 2)
    labels = np.concatenate([np.arange(classes), rng.choice(classes, n - classes, p=priors)])
    logits = rng.normal(size=(n, classes)) + 1.2 * np.eye(classes)[labels]
    if ties:
        logits = np.round(logits)
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    predicted = probabilities.argmax(1)
    if classes == 2:
        auc = metrics.roc_auc_score(labels, probabilities[:, 1])
    else:
        auc = metrics.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    return {
        "classes": classes,
        "labels": labels.tolist(),
        "probabilities": probabilities.ravel().tolist(),
        "predicted": predicted.tolist(),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "balancedAccuracy": metrics.balanced_accuracy_score(labels, predicted),
        "macroF1": metrics.f1_score(labels, predicted, average="macro"),
        "recall": metrics.recall_score(labels, predicted, average=None).tolist(),
        "confusion": metrics.confusion_matrix(labels, predicted).ravel().tolist(),
        "macroAuc": auc,
        "ece": calibration_error(probabilities, labels),
    }


def logistic_case(rng, classes, n, d, C):
    x = (rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) * 0.5 + 0.7).astype(np.float32)
    w = rng.normal(size=(classes, d))
    y = (x @ w.T + 2 * rng.gumbel(size=(n, classes))).argmax(1)
    assert len(set(y)) == classes
    model = LogisticRegression(C=C, tol=1e-10, max_iter=100000).fit(x.astype(np.float64), y)
    p = model.predict_proba(x.astype(np.float64))
    objective = C * -np.log(p[np.arange(n), y]).sum() + 0.5 * (model.coef_**2).sum()
    return {
        "classes": classes,
        "features": d,
        "C": C,
        "x": [float(v) for v in x.ravel()],
        "y": y.tolist(),
        "coef": model.coef_.ravel().tolist(),
        "intercept": model.intercept_.tolist(),
        "objective": objective,
        "predicted": model.predict(x.astype(np.float64)).tolist(),
    }


def probe_case(name, load, C, rows):
    """A real data set that scikit-learn ships. Every second row is for training, the others for prediction."""
    data = load()
    order = np.random.default_rng(1).permutation(len(data.target))[:rows]
    x, y = data.data[order], data.target[order]
    x = x / 16 if name == "digits" else (x - x.mean(0)) / x.std(0)
    x = np.round(x, 4).astype(np.float32)
    train, test = slice(0, None, 2), slice(1, None, 2)
    x64 = x.astype(np.float64)
    model = LogisticRegression(C=C, tol=1e-10, max_iter=100000).fit(x64[train], y[train])
    p = model.predict_proba(x64[train])[np.arange(len(y[train])), y[train]]
    return {
        "name": name,
        "classes": int(y.max()) + 1,
        "features": x.shape[1],
        "C": C,
        "x": [round(float(v), 4) for v in x.ravel()],
        "y": y.tolist(),
        "coef": model.coef_.ravel().tolist(),
        "intercept": model.intercept_.tolist(),
        "objective": C * -np.log(p).sum() + 0.5 * (model.coef_**2).sum(),
        "predicted": model.predict(x64[test]).tolist(),
    }


def ranks_case(rng, methods, columns):
    """Friedman's test as Iman and Davenport correct it, and Nemenyi's critical difference (Demsar 2006)."""
    scores = np.round(rng.normal(size=(columns, methods)) + 0.4 * np.arange(methods), 1)
    ranks = np.array([stats.rankdata(-row) for row in scores])
    mean = ranks.mean(0)
    # Without SciPy's correction for ties, as in the paper's equation 6.
    chi2 = 12 * columns / (methods * (methods + 1)) * ((mean**2).sum() - methods * (methods + 1) ** 2 / 4)
    f = (columns - 1) * chi2 / (columns * (methods - 1) - chi2)
    q = stats.studentized_range.ppf(0.95, methods, np.inf) / np.sqrt(2)
    return {
        "scores": scores.tolist(),
        "ranks": mean.tolist(),
        "pValue": stats.f.sf(f, methods - 1, (methods - 1) * (columns - 1)),
        "criticalDifference": q * np.sqrt(methods * (methods + 1) / (6 * columns)),
    }


def paired_case(rng, n):
    """A paired t test on single examples, and on the means of groups of equal size."""
    a, b = rng.uniform(size=n), rng.uniform(size=n)
    groups = np.arange(n) // 2
    by_group = [np.array([v[groups == g].mean() for g in range(n // 2)]) for v in (a, b)]
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "groups": groups.tolist(),
        "pValue": stats.ttest_rel(a, b).pvalue,
        "ci95": list(stats.ttest_rel(a, b).confidence_interval()),
        "grouped": stats.ttest_rel(*by_group).pvalue,
    }


def main():
    rng = np.random.default_rng(0)
    OUT.mkdir(exist_ok=True)
    cases = [(2, 80, False), (2, 80, True), (5, 150, False), (5, 150, True)]
    write("metrics", [metric_case(rng, *case) for case in cases])
    write("logistic", [logistic_case(rng, 2, 120, 8, 1.0), logistic_case(rng, 5, 150, 8, 10.0)])
    write(
        "probes",
        [
            probe_case("digits", datasets.load_digits, 1.0, 600),
            probe_case("wine", datasets.load_wine, 1.0, 178),
            probe_case("breast-cancer", datasets.load_breast_cancer, 0.1, 569),
        ],
    )
    write(
        "compare",
        {
            "mcnemar": [[b, c, stats.binomtest(b, b + c).pvalue] for b, c in [(5, 15), (8, 8), (1, 0), (300, 420)]],
            "wilson": [
                [k, n, *stats.binomtest(k, n).proportion_ci(method="wilson")] for k, n in [(0, 10), (10, 10), (7, 19)]
            ],
            "ranks": [ranks_case(rng, 2, 5), ranks_case(rng, 8, 25), ranks_case(rng, 40, 60)],
            "paired": paired_case(rng, 200),
        },
    )


main()
