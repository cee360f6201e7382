"""Makes packages/protocols-corruptions/fixtures/corruptions.json: small images under each corruption, and figures of a
linear classifier on them.

Run: python scripts/oracles/corruptions.py   (made with NumPy 2.4.6, scipy 1.17.1, Pillow 13.0.0, scikit-learn 1.9.1,
Python 3.11)

Formulas of Hendrycks and Dietterich (2019) and, for motion, of the package imagecorruptions. Convolutions and Poisson
quantiles are by scipy, hue, saturation and value by Python's colorsys, boxes and JPEG by Pillow. Random numbers are
given: the test hands the same ones to medbench.
"""
import colorsys
import io
import json
import math
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage, stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score

OUT = pathlib.Path(__file__).parents[2] / "packages/protocols-corruptions/fixtures/corruptions.json"
HEIGHT, WIDTH = 12, 15


def gauss(sigma, reach):
    x = np.arange(-reach, reach + 1)
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return weights / weights.sum()


def disc(radius, softness):
    half, reach = (8, 1) if radius <= 8 else (math.ceil(radius), 2)
    axis = np.arange(-half, half + 1)
    kernel = (axis[:, None] ** 2 + axis[None, :] ** 2 <= radius**2).astype(float)
    kernel /= kernel.sum()
    edge = gauss(softness, reach)
    return ndimage.correlate(kernel, np.outer(edge, edge), mode="mirror")


def per_channel(levels, apply):
    return np.stack([apply(levels[..., c]) for c in range(levels.shape[2])], axis=2)


def defocus(levels, radius, softness):
    kernel = disc(radius, softness)
    return per_channel(levels, lambda plane: ndimage.correlate(plane, kernel, mode="mirror"))


def motion(levels, radius, sigma, angle):
    """Copies of the image, moved step by step and weighted; pixels beyond the border repeat the last one."""
    steps = 2 * radius + 1
    weights = np.exp(-(np.arange(steps) ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    result = np.zeros_like(levels)
    for i, weight in enumerate(weights):
        dy = -math.ceil(i * math.sin(math.radians(angle)) - 0.5)
        dx = -math.ceil(i * math.cos(math.radians(angle)) - 0.5)
        rows = np.clip(np.arange(HEIGHT) - dy, 0, HEIGHT - 1)
        columns = np.clip(np.arange(WIDTH) - dx, 0, WIDTH - 1)
        result += weight * levels[rows][:, columns]
    return result


def brightness(levels, shift):
    if levels.shape[2] == 1:
        return np.clip(levels + shift, 0, 1)
    pixels = [colorsys.rgb_to_hsv(*pixel) for pixel in levels.reshape(-1, 3)]
    return np.array([colorsys.hsv_to_rgb(h, s, min(1, v + shift)) for h, s, v in pixels]).reshape(levels.shape)


def contrast(levels, factor):
    means = levels.mean(axis=(0, 1), keepdims=True)
    return (levels - means) * factor + means


def to_pillow(image):
    return Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)


def pixelate(image, share):
    small = to_pillow(image).resize((int(WIDTH * share), int(HEIGHT * share)), Image.BOX)
    return np.asarray(small.resize((WIDTH, HEIGHT), Image.BOX))


def jpeg(image, quality):
    stored = io.BytesIO()
    to_pillow(image).save(stored, "JPEG", quality=quality)
    return np.asarray(Image.open(stored))


def smooth(rng, channels):
    """An image with edges, gradients, black and white."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    planes = [127 + 90 * np.sin(x / (3 + c)) * np.cos(y / (4 + c)) + 40 * (x > y + 3 * c) for c in range(channels)]
    image = np.stack(planes, 2) + rng.normal(0, 6, (HEIGHT, WIDTH, channels))
    image[:4, :5] = 0
    image[-3:, -4:] = 255
    return np.clip(image, 0, 255).astype(np.uint8)


def main():
    rng = np.random.default_rng(0)
    cases = []
    for channels in (1, 3):
        image = smooth(rng, channels)
        levels = image / 255
        normals, uniforms = rng.normal(size=image.size), rng.uniform(size=image.size)
        photons = lambda c: stats.poisson.ppf(uniforms.reshape(levels.shape), levels * c) / c
        flat = lambda array: np.asarray(array, dtype=float).ravel().tolist()
        cases.append({
            "channels": channels,
            "image": image.ravel().tolist(),
            "normals": normals.tolist(),
            "uniforms": uniforms.tolist(),
            "gaussianNoise": {"deviation": 0.18, "levels": flat(levels + 0.18 * normals.reshape(levels.shape))},
            "shotNoise": [{"photons": c, "levels": flat(np.where(levels == 0, 0, photons(c)))} for c in (3, 60)],
            "defocusBlur": [{"radius": r, "softness": s, "levels": flat(defocus(levels, r, s))}
                            for r, s in ((3, 0.1), (10, 0.5), (0.9, 0.5))],
            "motionBlur": [{"radius": r, "sigma": s, "angle": a, "levels": flat(motion(levels, r, s, a))}
                           for r, s, a in ((10, 3, 31), (15, 8, -44.5), (2, 0.7, 0))],
            "brightness": {"shift": 0.3, "levels": flat(brightness(levels, 0.3))},
            "contrast": {"factor": 0.3, "levels": flat(contrast(levels, 0.3))},
            "pixelate": [{"share": c, "image": flat(pixelate(image, c))} for c in (0.6, 0.25)],
            "jpeg": {"quality": 15, "image": flat(jpeg(image, 15))},
        })
    # Hits of 12 examples under a clean and four corrupted conditions: two corruptions at two severities.
    y = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    predicted = np.where(rng.uniform(size=(5, 12)) < [[0.9], [0.7], [0.4], [0.8], [0.5]], y, (y + 1) % 3)
    scores = lambda rows, metric: float(np.mean([metric(y, row) for row in rows]))
    figures = {}
    for name, metric in (("accuracy", accuracy_score), ("balanced_accuracy", balanced_accuracy_score)):
        clean, corrupted = scores(predicted[:1], metric), scores(predicted[1:], metric)
        figures |= {f"clean_{name}": clean, f"corrupted_{name}": corrupted, f"{name}_drop": clean - corrupted,
                    f"retained_{name}": corrupted / clean}
    figures |= {
        "corrupted_accuracy_contrast": scores(predicted[1:3], accuracy_score),
        "corrupted_accuracy_gaussian_noise": scores(predicted[3:], accuracy_score),
        "corrupted_accuracy_severity_1": scores(predicted[[1, 3]], accuracy_score),
        "corrupted_accuracy_severity_5": scores(predicted[[2, 4]], accuracy_score),
    }
    protocol = {"labels": y.tolist(), "predicted": predicted.tolist(), "figures": figures}
    fixture = {"width": WIDTH, "height": HEIGHT, "cases": cases, "protocol": protocol}
    # Levels to 11 digits: a test compares to 1e-9.
    OUT.write_text(json.dumps(json.loads(json.dumps(fixture), parse_float=lambda v: round(float(v), 11))) + "\n")


main()
