"""Draw the pictures of the pages on families of groups from the library: python docs/families/pictures.py [NAME ...]"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from grouprep import (
    G2,
    SL2C,
    SO,
    SU,
    Alternating,
    Cyclic,
    Dihedral,
    FiniteGroup,
    Heisenberg,
    PointGroup,
    Quaternion,
    Sp,
    Symmetric,
)
from grouprep.families import Metacyclic
from grouprep.irreps.spherical_harmonics import spherical_harmonics
from grouprep.representations.base import Representation
from projectors import decompose

TARGET = Path(__file__).resolve().parent.parent / "images/families"
LARGEST = 15_000  # bytes
mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "grouprep", "font.size": 9, "font.family": "sans-serif"}
BLUE, ORANGE, GREY = "#1f5fa8", "#d9722b", "#888888"


def bare(axis: plt.Axes, title: str = "") -> plt.Axes:
    """An axis without ticks."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_title(title, fontsize=9)
    return axis


def shown(axis: plt.Axes, values: np.ndarray, title: str = "", **options: object) -> None:
    """A matrix or function as colours, 0 in the middle."""
    top = np.abs(values).max()
    settings = {"cmap": "RdBu_r", "vmin": -top, "vmax": top, "interpolation": "nearest"} | options
    bare(axis, title).imshow(values, **settings)


def weights(V: Representation) -> dict[tuple[int, ...], int]:
    """The weights of the identity component, with their multiplicities."""
    return {tuple(w): int(c) for (_, w), c in V.character.weights()[0].terms.items()}


def weight_diagram(axis: plt.Axes, V: Representation, basis: np.ndarray, title: str) -> None:
    """Weights as points of the plane; where there are several, their number."""
    for w, count in weights(V).items():
        x, y = np.array(w) @ basis
        axis.plot(x, y, "o", color=BLUE, markersize=5 + 3 * (count > 1))
        if count > 1:
            axis.annotate(str(count), (x, y), xytext=(5, 5), textcoords="offset points", color=ORANGE)
    bare(axis, title).set_aspect("equal")
    axis.margins(0.2)


def cyclic() -> Figure:
    """The orthonormal real basis of irreps on eight points: a real Fourier basis."""
    D = decompose(Cyclic(8).natural())
    figure, axes = plt.subplots(1, 8, figsize=(8, 1.3), sharey=True)
    labels = [label for label, I in zip(D.labels, D.irreps, strict=True) for _ in range(I.dim)]
    for axis, column, label in zip(axes, D.change_of_basis.T, labels, strict=True):
        axis.bar(range(8), column, color=BLUE)
        axis.axhline(0, color=GREY, linewidth=0.5)
        bare(axis, label)
    return figure


def dihedral() -> Figure:
    """A picture, and its parts in the isotypic components of D4 on the pixels."""
    letter = np.zeros((16, 16))
    letter[2:14, 4:6] = letter[2:4, 4:12] = letter[7:9, 4:10] = 1
    D = decompose(Dihedral(4).grid((16, 16)))
    figure, axes = plt.subplots(1, 6, figsize=(8, 1.6))
    shown(axes[0], letter, "F", vmin=-1, vmax=1)
    U, start = D.change_of_basis, 0
    for axis, I, m in zip(axes[1:], D.irreps, D.multiplicities, strict=True):
        part = U[:, start : start + m * I.dim]
        start += m * I.dim
        shown(axis, (part @ (part.T @ letter.ravel())).reshape(16, 16), I.label, vmin=-1, vmax=1)
    return figure


def dicyclic() -> Figure:
    """The eight real matrices of the irrep of quaternionic type."""
    G = Quaternion()
    V = G.irrep("E1")
    figure, axes = plt.subplots(1, 8, figsize=(8, 1.3))
    for axis, g in zip(axes, G.elements, strict=True):
        shown(axis, V(g), "", vmin=-1, vmax=1)
    figure.suptitle("E1 of Q8 at 1, i, j, ...: signed permutations, red 1, blue -1", fontsize=9)
    return figure


def symmetric() -> Figure:
    """The irreps of S5: Young diagrams with dimensions."""
    figure, axes = plt.subplots(1, 7, figsize=(8, 1.7))
    for axis, V in zip(axes, Symmetric(5).irreps(), strict=True):
        shape = [int(k) for k in V.label.strip("[]").split(",")]
        for row, count in enumerate(shape):
            for column in range(count):
                axis.add_patch(plt.Rectangle((column, -row), 1, 1, facecolor="#cfe0f3", edgecolor=BLUE))
        bare(axis, f"{V.label}\ndim {V.dim}").set_aspect("equal")
        axis.set_xlim(-0.2, 5.2)
        axis.set_ylim(-4.2, 1.2)
        axis.axis("off")
    return figure


def alternating() -> Figure:
    """Character tables of A5 and A6 as colours."""
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.6))
    for axis, G in zip(axes, (Alternating(5), Alternating(6)), strict=True):
        table = G.character_table()
        values = np.array(table.values).real
        shown(axis, values, f"{G}, {G.order} elements", vmin=-5, vmax=5)
        axis.set_yticks(range(len(values)), [chi.label for chi in table.irreducibles], fontsize=7)
        axis.set_xticks(range(len(values)), [str(c.size) for c in table.classes], fontsize=7)
    figure.tight_layout()
    return figure


def heisenberg() -> Figure:
    """x, y and their commutator in the irrep of dimension 5: the phase as a colour."""
    G = Heisenberg(5)
    V, (x, y) = G.defining(), G.generators
    z = G.multiply(G.multiply(y, x), G.multiply(G.inverse(y), G.inverse(x)))
    figure, axes = plt.subplots(1, 3, figsize=(6, 2.1))
    for axis, name, g in zip(
        axes, ("x: a shift", "y: a modulation", "z = y x y$^{-1}$ x$^{-1}$"), (x, y, z), strict=True
    ):
        M = V(g)
        phase = np.where(np.abs(M) > 0.5, np.angle(M) % (2 * np.pi), np.nan)
        bare(axis, name).imshow(phase, cmap="twilight_shifted", vmin=0, vmax=2 * np.pi, interpolation="nearest")
    return figure


def point_groups() -> Figure:
    """Stereograms: the orbit of a point in general position, from above; rings lie below the plane."""
    figure, axes = plt.subplots(1, 6, figsize=(8, 1.7))
    point = np.array([0.75, 0.25, 0.55])
    for axis, name in zip(axes, ("C4v", "D3", "D3h", "D2d", "Td", "Oh"), strict=True):
        G = PointGroup(name)
        orbit = G.defining()(G.elements) @ (point / np.linalg.norm(point))
        axis.add_patch(plt.Circle((0, 0), 1, fill=False, color=GREY))
        for x, y, z in orbit:
            p = np.array([x, y]) / (1 + abs(z))
            axis.plot(
                *p,
                "o",
                color=BLUE if z > 0 else ORANGE,
                markersize=3 if z > 0 else 6,
                fillstyle="full" if z > 0 else "none",
            )
        bare(axis, f"{name}: {G.order}").set_aspect("equal")
        axis.axis("off")
    return figure


def products() -> Figure:
    """The product table of 7:3, the elements in cosets of C7: the blocks are the table of C3."""
    G = Metacyclic(7, 3)
    elements = sorted(G.elements, key=lambda g: (tuple(G.split(g)[1]), tuple(G.split(g)[0])))
    number = {tuple(g): k for k, g in enumerate(elements)}
    table = np.array([[number[tuple(G.multiply(g, h))] for h in elements] for g in elements])
    figure, axis = plt.subplots(figsize=(3.4, 3.4))
    bare(axis, "products in 7:3, 21 x 21").imshow(table, cmap="viridis", interpolation="nearest")
    return figure


def your_own() -> Figure:
    """The Petersen graph, and the commutant of its group: equal colours are tied entries."""
    pairs = [(a, b) for a in range(5) for b in range(a + 1, 5)]
    swaps = [[1, 2, 3, 4, 0], [1, 0, 2, 3, 4]]
    G = FiniteGroup.from_permutations(
        [[pairs.index(tuple(sorted((p[a], p[b])))) for a, b in pairs] for p in swaps], name="Petersen"
    )
    from projectors import Hom

    labels = np.zeros((10, 10))
    for k, X in enumerate(Hom(G.natural(), G.natural()).exact_basis()):
        labels[np.array(X.tolist(), dtype=float) != 0] = k
    outer = [(0, 1), (2, 3), (0, 4), (1, 2), (3, 4)]
    inner = [next(p for p in pairs if not set(p) & set(o) and p not in outer) for o in outer]
    angles = np.pi / 2 + 2 * np.pi * np.arange(5) / 5
    at = {
        p: r * np.array([np.cos(a), np.sin(a)])
        for r, ring in ((1, outer), (0.5, inner))
        for p, a in zip(ring, angles, strict=True)
    }
    figure, axes = plt.subplots(1, 2, figsize=(5, 2.4))
    for p in pairs:
        for q in pairs:
            if p < q and not set(p) & set(q):
                axes[0].plot(*np.transpose([at[p], at[q]]), color=GREY, linewidth=1, zorder=1)
    axes[0].scatter(*np.transpose(list(at.values())), color=BLUE, zorder=2)
    bare(axes[0], f"{G.order} symmetries").set_aspect("equal")
    bare(axes[1], "commutant: dimension 3").imshow(labels, cmap="viridis", interpolation="nearest")
    return figure


def circle() -> Figure:
    """What a frequency does: cos(k phi) on the circle, and turned by a third of its period."""
    figure, axes = plt.subplots(1, 4, figsize=(6.5, 1.7), subplot_kw={"projection": "polar"})
    phi = np.linspace(0, 2 * np.pi, 121)
    for k, axis in enumerate(axes):
        axis.plot(phi, 1 + 0.4 * np.cos(k * phi), color=BLUE, linewidth=1.2)
        if k:
            axis.plot(phi, 1 + 0.4 * np.cos(k * phi - np.pi / 3), color=ORANGE, linewidth=0.8)
        bare(axis, f"frequency {k}")
        axis.set_ylim(0, 1.5)
    return figure


def rotations() -> Figure:
    """Real spherical harmonics to degree 3 on the whole sphere, m = -l..l from left to right."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, 25), np.linspace(-np.pi, np.pi, 49), indexing="ij")
    points = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    figure, axes = plt.subplots(4, 7, figsize=(7, 3.4), gridspec_kw={"hspace": 0.5})
    for l in range(4):
        Y = spherical_harmonics(l, points)
        for m in range(-3, 4):
            axis = axes[l, m + 3]
            if abs(m) <= l:
                shown(axis, Y[..., l + m], "", aspect="auto")
                axis.set_title(f"l={l}, m={m}", fontsize=6, pad=2)
            else:
                axis.axis("off")
    return figure


def isometric(V: Representation) -> np.ndarray:
    """Coordinates of weights in the plane in which the Weyl group acts by isometries."""
    found = weights(V)
    w, count = np.array(list(found), dtype=float), np.array(list(found.values()))
    return np.linalg.cholesky(np.linalg.inv(w.T @ (count[:, None] * w)))


def unitary() -> Figure:
    """Weights of irreps of SU(3)."""
    figure, axes = plt.subplots(1, 4, figsize=(8, 2.2))
    for axis, (label, name) in zip(axes, (((1, 0), "3"), ((1, 1), "8"), ((3, 0), "10"), ((2, 2), "27")), strict=True):
        V = SU(3).irrep(label, field="complex")
        weight_diagram(axis, V, isometric(V), f"{label}: {name}")
    return figure


def orthogonal() -> Figure:
    """Weights of irreps of SO(5)."""
    figure, axes = plt.subplots(1, 4, figsize=(8, 2.2))
    for axis, label in zip(axes, ((1, 0), (0, 2), (2, 0), (1, 2)), strict=True):
        V = SO(5).irrep(label)
        weight_diagram(axis, V, np.eye(2), f"{label}: {V.dim}")
    return figure


def symplectic() -> Figure:
    """Weights of irreps of Sp(2)."""
    figure, axes = plt.subplots(1, 4, figsize=(8, 2.2))
    for axis, label in zip(axes, ((1, 0), (0, 1), (2, 0), (1, 1)), strict=True):
        V = Sp(2).irrep(label, field="complex")
        weight_diagram(axis, V, np.eye(2), f"{label}: {V.dim}")
    return figure


def g2() -> Figure:
    """Weights of the two fundamental irreps of G2, and of the 27."""
    figure, axes = plt.subplots(1, 3, figsize=(7, 2.6))
    for axis, label in zip(axes, ((1, 0), (0, 1), (2, 0)), strict=True):
        V = G2().irrep(label)
        weight_diagram(axis, V, isometric(V), f"{label}: {V.dim}")
    return figure


def tori() -> Figure:
    """Real parts of characters of the torus with two angles."""
    a, b = np.meshgrid(np.linspace(0, 2 * np.pi, 33), np.linspace(0, 2 * np.pi, 33))
    figure, axes = plt.subplots(1, 4, figsize=(7, 1.9))
    for axis, (k, l) in zip(axes, ((1, 0), (0, 1), (1, 1), (1, -2)), strict=True):
        shown(axis, np.cos(k * a + l * b), f"({k}, {l})")
    return figure


def lorentz() -> Figure:
    """Dimensions over C of the irreps (j1, j2) of SL(2, C); blue ones are of SO+(1, 3)."""
    figure, axis = plt.subplots(figsize=(3.6, 2.8))
    for a in range(4):
        for b in range(4):
            V = SL2C().irrep((a / 2, b / 2), field="complex")
            axis.scatter(a / 2, b / 2, s=260, color=BLUE if (a + b) % 2 == 0 else ORANGE)
            axis.text(a / 2, b / 2, str(V.dim), ha="center", va="center", color="white", fontsize=8)
    axis.set_xlabel("j1")
    axis.set_ylabel("j2")
    axis.set_xticks([0, 0.5, 1, 1.5])
    axis.set_yticks([0, 0.5, 1, 1.5])
    axis.margins(0.15)
    return figure


DRAWN = [cyclic, dihedral, dicyclic, symmetric, alternating, heisenberg, point_groups, products, your_own]
DRAWN += [circle, rotations, unitary, orthogonal, symplectic, g2, tori, lorentz]
PICTURES: dict[str, Callable[[], Figure]] = {f.__name__: f for f in DRAWN}


def main() -> None:
    """Draw all, or those named; as a PNG of 64 colours."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        figure = PICTURES[name]()
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=120, bbox_inches="tight", facecolor="white", format="png")
        plt.close(figure)
        image = Image.open(buffer).convert("RGB").quantize(48, dither=Image.Dither.NONE)
        file = TARGET / f"{name}.png"
        image.save(file, optimize=True)
        print(file.name, file.stat().st_size)
        assert file.stat().st_size <= LARGEST, f"{file.name} is larger than {LARGEST} bytes"


if __name__ == "__main__":
    main()
