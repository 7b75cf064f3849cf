"""Draw the README's pictures from the library: python docs/images/make.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from grouprep import Alternating, Dihedral
from projectors import Hom, decompose

HERE = Path(__file__).resolve().parent
SETTINGS = {"dpi": 110, "bbox_inches": "tight", "metadata": {"Software": None}}


def blocks() -> None:
    """An element of A5 in the regular representation, before and after the change of basis to irreps."""
    V = Alternating(5).regular()
    g = V.group.generators[0]
    D = decompose(V)
    matrices = {"V(g), dimension 60": V(g), "in the basis of irreps": D.inverse @ V(g) @ D.change_of_basis}
    figure, axes = plt.subplots(1, 2, figsize=(8, 4))
    for axis, (title, M) in zip(axes, matrices.items(), strict=True):
        axis.imshow(M, cmap="RdBu", vmin=-1, vmax=1, interpolation="nearest")
        axis.set_title(title, fontsize=10)
        axis.set_xticks([])
        axis.set_yticks([])
    figure.savefig(HERE / "blocks.png", **SETTINGS)
    plt.close(figure)


def basis() -> None:
    """The basis of the equivariant maps on the corners of a polygon: entries that are tied have one colour."""
    V = Dihedral(12).natural()
    H = Hom(V, V)
    labels = np.zeros(H.shape)
    for k, X in enumerate(H.exact_basis()):
        labels[np.array(X.tolist(), dtype=float) != 0] = k
    figure, axis = plt.subplots(figsize=(4, 4))
    axis.imshow(labels, cmap="viridis", interpolation="nearest")
    axis.set_title(f"D12 on 12 points: {H.dim} free entries of {H.shape[0]} x {H.shape[1]}", fontsize=10)
    axis.set_xticks([])
    axis.set_yticks([])
    figure.savefig(HERE / "basis.png", **SETTINGS)
    plt.close(figure)


if __name__ == "__main__":
    blocks()
    basis()
