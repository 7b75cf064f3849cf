"""The pictures of the demonstration, drawn with matplotlib where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grouprep import Dihedral
from grouprep.typing import Array
from projectors.demo.digits import Digits, element_names, percent
from projectors.demo.rubik import Rubik
from projectors.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["can_draw", "draw_filters", "draw_orbitals"]

# Okabe and Ito's palette, which colour-blind readers tell apart, with grey in place of black.
PALETTE = ("#0072B2", "#56B4E9", "#009E73", "#CFE8E0", "#D55E00", "#CC79A7", "#F5E1EC", "#E69F00", "#F0E442")
DIVERGING = "RdBu_r"  # safe for colour-blind readers: red against blue, white at zero


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def _figure(width: float, height: float) -> Figure:
    """A figure apart from pyplot: no display, no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _write(figure: Figure, path: Path) -> None:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    write_bytes(path, buffer.getvalue())


def draw_orbitals(rubik: Rubik, path: Path) -> None:
    """The nine basis elements of the Rubik's cube's commutant, each in its colour, as one 48 x 48 picture.

    Parameters
    ----------
    rubik : from `projectors.demo.rubik.solve_rubik`.
    path : the PNG file.

    Raises
    ------
    GroupRepError
        If the file cannot be written.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    figure = _figure(9.6, 6.2)
    axes = figure.add_axes((0.08, 0.10, 0.49, 0.76))
    n = len(rubik.picture)
    axes.imshow(rubik.picture, cmap=ListedColormap(PALETTE), vmin=0.5, vmax=9.5, interpolation="nearest")
    for at, strength in ((24, 1.6), *[(k, 0.4) for k in [*range(3, 24, 3), *range(26, 48, 2)]]):
        axes.axhline(at - 0.5, color="white", linewidth=strength)
        axes.axvline(at - 0.5, color="white", linewidth=strength)
    axes.set_xticks([11.5, 35.5], ["24 corner facelets", "24 edge facelets"])
    axes.set_yticks([11.5, 35.5], ["24 corner facelets", "24 edge facelets"], rotation=90, va="center")
    axes.tick_params(length=0)
    axes.set_xlabel("from")
    axes.set_ylabel("to")
    order = rubik.record["order"]
    figure.text(0.03, 0.945, "What commutes with every turn of the Rubik's cube", fontsize=14, weight="bold")
    figure.text(
        0.03,
        0.903,
        f"{rubik.record['dim']} matrices of size {n} x {n} span it; the group has {order:,} elements",
        fontsize=9.5,
    )
    entries = [
        Patch(color=PALETTE[o["number"] - 1], label=f"X{o['number']}  {o['from']} to {o['to']}\n{o['meaning']}")
        for o in rubik.record["orbitals"]
    ]
    axes.legend(
        handles=entries, loc="upper left", bbox_to_anchor=(1.03, 1.01), frameon=False, fontsize=8.5,
        handlelength=1.1, handleheight=1.1, labelspacing=1.15, title="Basis elements", alignment="left",
    )  # fmt: skip
    _write(figure, path)


def draw_filters(digits: Digits, path: Path) -> None:
    """First-layer filters next to their projections: for each network, the eight filters of one channel.

    Parameters
    ----------
    digits : from `projectors.demo.digits.measure_digits`.
    path : the PNG file.

    Raises
    ------
    GroupRepError
        If the file cannot be written.
    """
    G = Dihedral(4)
    names = element_names(G)
    turns = np.linalg.det(G.defining()(G.elements)) > 0
    columns = sorted(range(8), key=lambda k: (not turns[k], names[k] != "1", len(names[k]), names[k]))
    figure = _figure(10.0, 6.5)
    figure.text(
        0.03,
        0.955,
        "Filters of the first layer, before and after projection on the equivariant maps",
        fontsize=14,
        weight="bold",
    )
    figure.text(
        0.03, 0.925, "Eight 8 x 8 filters of one channel, one for each element of D4; projected, they are one filter, turned and "
        "mirrored. Each row has its own scale.", fontsize=9.5,
    )  # fmt: skip
    for half, (network, title) in enumerate((("plain", "Trained plainly"), ("penalised", "Trained with the penalty"))):
        layer = digits.record["networks"][network]["layers"][0]
        pairs = [_channel(digits, network, part)[columns] for part in ("trained", "projected")]
        share = f"{percent(layer['share_before'])} of this layer's |T|² is equivariant"
        _rows(figure, pairs, 0.485 - 0.45 * half, f"{title}: {share}", [names[k] for k in columns])
    _write(figure, path)


def _channel(digits: Digits, network: str, part: str) -> Array:
    """The filters of the channel whose projection is largest, (8, 8, 8): the same channel for both parts."""
    shape = (-1, 8, 8, 8)
    sizes = np.linalg.norm(digits.projected[network]["hidden.weight"].reshape(-1, 8 * 64), axis=1)
    chosen: Array = getattr(digits, part)[network]["hidden.weight"].reshape(shape)[int(sizes.argmax())]
    return chosen


def _rows(figure: Figure, pairs: list[Array], bottom: float, title: str, names: list[str]) -> None:
    """Two rows of filters, as trained and projected, each on a colour scale of its own, which stands at its end."""
    left, width, height, gap = 0.105, 0.0965, 0.1485, 0.007
    figure.text(0.03, bottom + 0.365, title, fontsize=11, weight="bold")
    for row, (filters, label) in enumerate(zip(pairs, ("T", "P(T)"))):
        limit = float(np.abs(filters).max())
        for k, filter_ in enumerate(filters):
            place = (left + k * (width + gap), bottom + (1 - row) * (height + 0.012), width, height)
            axes = figure.add_axes(place)
            image = axes.imshow(filter_, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set(color="0.7", linewidth=0.6)
            if row == 0:
                axes.set_title(names[k], fontsize=10, style="normal" if names[k] == "1" else "italic", pad=3)
            if k == 0:
                axes.set_ylabel(label, fontsize=12, rotation=0, ha="right", va="center", labelpad=8)
        place = (left + 8 * (width + gap) + 0.008, bottom + (1 - row) * (height + 0.012) + 0.012, 0.012, height - 0.024)
        bar = figure.colorbar(image, cax=figure.add_axes(place))
        bar.set_ticks([-limit, 0, limit], labels=[f"-{limit:.2g}", "0", f"{limit:.2g}"])
        bar.ax.tick_params(labelsize=7)
        bar.outline.set_visible(False)
