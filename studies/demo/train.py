"""Train the network of `grouprep demo` on scikit-learn's digits, once plainly and once with an equivariance penalty.

    python studies/demo/train.py [--out FILE] [--penalty LAMBDA] [--epochs N]

64 pixels -> 128 hidden units -> ReLU -> 10 classes. The pixels are grid(8, 8) of D4, the hidden units 16 * regular (ReLU acts
entry by entry, so it commutes with the permutations), the classes 10 * trivial. The second network's loss has the term
lambda * sum over weights and biases of ||T - P(T)||_F^2, after Berndt and Stuehmer, arXiv 2601.05028; its gradient is
2 lambda (T - P(T)). numpy alone does the training: Adam, gradients by hand, fixed seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from grouprep import Dihedral
from projectors import Hom

Array = NDArray[Any]
Parameters = dict[str, Array]

CHANNELS, CLASSES, HELD_OUT = 16, 10, 450
TARGET = Path(__file__).resolve().parents[2] / "projectors" / "demo" / "data" / "digits.npz"


def spaces() -> dict[str, Hom]:
    """The equivariant operators of each parameter; a bias is a map from the trivial representation."""
    G = Dihedral(4)
    pixels, hidden, classes = G.grid((8, 8)), CHANNELS * G.regular(), CLASSES * G.trivial()
    return {
        "hidden.weight": Hom(pixels, hidden),
        "hidden.bias": Hom(G.trivial(), hidden),
        "output.weight": Hom(hidden, classes),
        "output.bias": Hom(G.trivial(), classes),
    }


def split(seed: int) -> tuple[Array, Array, Array, Array]:
    """Training images and labels, held-out images and labels; images are (n, 64) integers from 0 to 16."""
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    images, labels = digits.data[order].astype(np.uint8), digits.target[order].astype(np.uint8)
    return images[HELD_OUT:], labels[HELD_OUT:], images[:HELD_OUT], labels[:HELD_OUT]


def initial(rng: np.random.Generator) -> Parameters:
    """He initialisation; biases start at zero, as columns."""
    width = 8 * CHANNELS
    return {
        "hidden.weight": rng.normal(size=(width, 64)) * np.sqrt(2 / 64),
        "hidden.bias": np.zeros((width, 1)),
        "output.weight": rng.normal(size=(CLASSES, width)) * np.sqrt(2 / width),
        "output.bias": np.zeros((CLASSES, 1)),
    }


def gradients(p: Parameters, x: Array, y: Array) -> Parameters:
    """The gradient of the mean cross-entropy; x is (n, 64), y is (n,)."""
    hidden = x @ p["hidden.weight"].T + p["hidden.bias"].T
    active = np.maximum(hidden, 0)
    scores = active @ p["output.weight"].T + p["output.bias"].T
    scores -= scores.max(axis=1, keepdims=True)
    error = np.exp(scores)
    error /= error.sum(axis=1, keepdims=True)
    error[np.arange(len(y)), y] -= 1
    error /= len(y)
    back = (error @ p["output.weight"]) * (hidden > 0)
    return {
        "hidden.weight": back.T @ x,
        "hidden.bias": back.sum(axis=0)[:, None],
        "output.weight": error.T @ active,
        "output.bias": error.sum(axis=0)[:, None],
    }


def train(x: Array, y: Array, strength: float, epochs: int, seed: int) -> Parameters:
    """Adam with decoupled weight decay and a falling step; `strength` is the penalty's lambda."""
    rng = np.random.default_rng(seed)
    p, homs = initial(rng), spaces()
    first = {k: np.zeros_like(v) for k, v in p.items()}
    second = {k: np.zeros_like(v) for k, v in p.items()}
    batch, step = 64, 0
    for epoch in range(epochs):
        rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        order = rng.permutation(len(y))
        for start in range(0, len(y), batch):
            chosen = order[start : start + batch]
            gradient = gradients(p, x[chosen], y[chosen])
            step += 1
            for k in p:
                g = gradient[k]
                if strength:
                    g = g + 2 * strength * homs[k].residual(p[k])
                first[k] += 0.1 * (g - first[k])
                second[k] += 0.001 * (g**2 - second[k])
                move = (first[k] / (1 - 0.9**step)) / (np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8)
                p[k] -= rate * (move + 1e-2 * p[k])
    return p


def accuracy(p: Parameters, x: Array, y: Array) -> float:
    """The share of images whose largest score is that of their label."""
    active = np.maximum(x @ p["hidden.weight"].T + p["hidden.bias"].T, 0)
    scores = active @ p["output.weight"].T + p["output.bias"].T
    return float(np.mean(scores.argmax(axis=1) == y))


def turned_accuracy(p: Parameters, x: Array, y: Array) -> float:
    """The accuracy on all eight turned and mirrored copies of every image."""
    G = Dihedral(4)
    return float(np.mean([accuracy(p, x @ rho.T, y) for rho in G.grid((8, 8))(G.elements)]))


def main() -> None:
    """Train both networks, print what they reach, write the file."""
    parser = argparse.ArgumentParser(description="Train the networks of the demonstration.")
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument("--penalty", type=float, default=0.3)
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    x, y, held_x, held_y = split(arguments.seed)
    homs = spaces()
    arrays: dict[str, Array] = {"images": held_x, "labels": held_y, "penalty": np.float32(arguments.penalty)}
    for name, strength in (("plain", 0.0), ("penalised", arguments.penalty)):
        p = train(x / 16.0, y, strength, arguments.epochs, arguments.seed)
        p = {k: v.astype(np.float32) for k, v in p.items()}
        projected = {k: homs[k].project(v) for k, v in p.items()}
        shares = {k: (np.linalg.norm(projected[k]) / np.linalg.norm(p[k])) ** 2 for k in p}
        print(name, ", ".join(f"{k} {share:.4f}" for k, share in shares.items()))
        for label, q in (("as trained", p), ("projected", projected)):
            upright, turned = accuracy(q, held_x / 16.0, held_y), turned_accuracy(q, held_x / 16.0, held_y)
            print(f"  {label}: upright {upright:.4f}, all eight positions {turned:.4f}")
        arrays |= {f"{name}.{k}": v for k, v in p.items()}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.out, **arrays)
    print(f"{arguments.out.name}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
