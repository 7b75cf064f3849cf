"""Draw the layers of the two packages, with an arrow where one imports another: docs/images/layers.svg.

    python docs/layers.py            # after a change of the layers, or of what imports what

The layers are those of tests/support/architecture.py, the arrows are read off the source. Where A imports B and B imports C, no arrow
leads from A to C. A test draws the picture anew and compares.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from architecture import LAYERS, Layer, internal_imports, rank, room_of  # noqa: E402

PICTURE = ROOT / "docs" / "images" / "layers.svg"

WIDTH, MARGIN = 860, 30
ROW, GAP, LANE = 40, 34, 26  # heights of boxes and between them, width of the way of an arrow past a row
COLUMN = 22  # between the boxes of a row
ORDERINGS, PLACINGS = 12, 60  # sweeps over the rows
NAME, NOTE = 12.5, 11  # sizes of letters
COLOURS = {"grouprep": ("#e3f1ec", "#2e7d63"), "projectors": ("#e7ecf8", "#3c5aa6")}
INK, MUTED, ARROW = "#1c2430", "#5b6675", "#8a94a3"

UNDER_ALL = {"grouprep.errors", "grouprep.typing"}  # imported by all, and so left out


@dataclass
class Node:
    """A box, or the place where an arrow passes a row."""

    layer: Layer | None = None
    x: float = 0.0
    above: list[Node] = field(default_factory=list, repr=False)
    below: list[Node] = field(default_factory=list, repr=False)

    @property
    def names(self) -> str:
        """The rooms, without the package."""
        return "   ".join(room.split(".", 1)[1] for room in self.layer.rooms if "=" not in room) if self.layer else ""

    @property
    def package(self) -> str:
        """Its package, or ""."""
        return self.layer.rooms[0].removeprefix("=").split(".")[0] if self.layer else ""

    @property
    def width(self) -> float:
        """How much of its row it takes."""
        if self.layer is None:
            return LANE
        return max(0.61 * NAME * len(self.names), 0.53 * NOTE * len(self.layer.title)) + 28


def shown(layer: Layer) -> bool:
    """Whether a layer has a box: not the public names alone, nor what all others import."""
    return not UNDER_ALL & set(layer.rooms) and any("." in r and "__main__" not in r for r in layer.rooms)


def arrows() -> dict[int, set[int]]:
    """For each layer shown the layers that it imports, those left out that it reaches through another."""
    kept = {number for number, layer in enumerate(LAYERS) if shown(layer)}
    edges: dict[int, set[int]] = {number: set() for number in kept}
    for found in internal_imports():
        source, target = room_of(found.importer), room_of(found.target)
        if source and target and rank(source) > rank(target) and {rank(source), rank(target)} <= kept:
            edges[rank(source)].add(rank(target))
    reached: dict[int, set[int]] = {}
    for number in sorted(kept):  # from the ground up
        reached[number] = edges[number].union(*(reached[k] for k in edges[number]))
    return {n: {t for t in edges[n] if not any(t in reached[k] for k in edges[n])} for n in kept}


def rows_of(edges: dict[int, set[int]]) -> list[list[Node]]:
    """The boxes in rows, from the top; each stands one row above the highest of those that it imports."""
    height: dict[int, int] = {}
    for number in sorted(edges):
        height[number] = max((height[k] + 1 for k in edges[number]), default=0)
    lowest = min(n for n in edges if LAYERS[n].rooms[0].startswith("projectors"))
    floor = max(height[n] for n in edges if n < lowest) + 1  # all of projectors stands above all of grouprep
    for number in sorted(edges):
        if number >= lowest:
            height[number] = max([floor, *(height[k] + 1 for k in edges[number])])
    rows: list[list[Node]] = [[] for _ in range(max(height.values()) + 1)]
    boxes = {number: Node(LAYERS[number]) for number in sorted(edges, reverse=True)}
    for number, node in boxes.items():
        rows[height[number]].append(node)
    for number in sorted(edges, reverse=True):
        for target in sorted(edges[number], reverse=True):
            upper = boxes[number]
            for level in range(height[number] - 1, height[target] - 1, -1):
                lower = boxes[target] if level == height[target] else Node()
                if lower.layer is None:
                    rows[level].append(lower)
                upper.below.append(lower)
                lower.above.append(upper)
                upper = lower
    return rows[::-1]


def place(rows: list[list[Node]]) -> None:
    """Order the rows so that arrows cross little, then move each node towards the nodes that it is joined with."""
    for row in rows:
        settle(row, [WIDTH / 2] * len(row))
    for sweep in range(ORDERINGS + PLACINGS):
        down = sweep % 2 == 0
        for row in rows if down else rows[::-1]:
            if sweep < ORDERINGS:
                wish = {id(node): mean((node.above if down else node.below) or [node]) for node in row}
                row.sort(key=lambda node: wish[id(node)])
                settle(row, [WIDTH / 2] * len(row))
            else:
                settle(row, [wanted(node) for node in row])


def mean(nodes: list[Node]) -> float:
    """The middle of some nodes."""
    return sum(node.x for node in nodes) / len(nodes)


def wanted(node: Node) -> float:
    """Where a node would like to stand: an arrow in line with itself, a box among its neighbours, and all in the middle."""
    passing = [n for n in node.above + node.below if n.layer is None]
    if node.layer is None and passing:
        return mean(passing)
    return 0.9 * mean(node.above + node.below or [node]) + 0.1 * WIDTH / 2


def settle(row: list[Node], wishes: list[float]) -> None:
    """Place a row as near to the wishes as its widths allow, by least squares (pool adjacent violators)."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + COLUMN)
    blocks: list[tuple[float, int]] = []  # the mean of some wishes, less their offsets, and their number
    for wish, offset in zip(wishes, offsets, strict=True):
        value, size = wish - offset, 1
        while blocks and blocks[-1][0] > value:
            above, more = blocks.pop()
            value, size = (value * size + above * more) / (size + more), size + more
        blocks.append((value, size))
    places = [value for value, size in blocks for _ in range(size)]
    for node, base, offset in zip(row, places, offsets, strict=True):
        node.x = base + offset


def draw() -> str:
    """The picture as SVG."""
    rows = rows_of(arrows())
    place(rows)
    split = next(k for k, row in enumerate(rows) if any(node.package == "grouprep" for node in row))
    top = {k: MARGIN + k * (ROW + GAP) + (GAP * 0.6 if k >= split else 0) for k in range(len(rows))}
    height = top[len(rows) - 1] + ROW + MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}">',
        f'<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0.8 L7.5 4 L0 7.2 z" fill="{ARROW}"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>',
    ]
    line = top[split] - GAP * 0.8
    out.append(f'<path d="M{MARGIN} {line:.1f} H{WIDTH - MARGIN}" stroke="#c9cfd8" stroke-dasharray="5 5"/>')
    for name, y in (("projectors", line - 10), ("grouprep", line + 20)):
        out.append(text(MARGIN, y, name, 13, COLOURS[name][1], "start", 'font-weight="600"'))
    for k, row in enumerate(rows):
        for node in row:
            out += [path(node, k, top)] if node.layer else []
    for k, row in enumerate(rows):
        for node in row:
            if node.layer:
                fill, stroke = COLOURS[node.package]
                out.append(
                    f'<rect x="{node.x - node.width / 2:.1f}" y="{top[k]:.1f}" width="{node.width:.1f}" height="{ROW}" rx="7" '
                    f'fill="{fill}" stroke="{stroke}"/>'
                )
                out.append(text(node.x, top[k] + 17, node.names, NAME, INK, "middle", 'font-weight="600"', mono=True))
                out.append(text(node.x, top[k] + 32, node.layer.title, NOTE, MUTED, "middle"))
    return "\n".join([line for line in out if line] + ["</svg>"]) + "\n"


def path(node: Node, k: int, top: dict[int, float]) -> str:
    """The arrows that leave a box, past the rows in between."""
    lines = []
    below = sorted(node.below, key=lambda n: n.x)
    for first in below:
        x, y, upper, lower, level = node.x + shift(node, first, below), top[k] + ROW, node, first, k + 1
        d = f"M{x:.1f} {y:.1f}"
        while True:
            end = lower.x + (shift(lower, upper, sorted(lower.above, key=lambda n: n.x)) if lower.layer else 0)
            bottom = top[level] - (1 if lower.layer else 0)
            middle = (y + bottom) / 2
            d += f" C{x:.1f} {middle:.1f} {end:.1f} {middle:.1f} {end:.1f} {bottom:.1f}"
            if lower.layer:
                break
            x, y = end, top[level] + ROW
            d += f" V{y:.1f}"
            upper, lower, level = lower, lower.below[0], level + 1
        lines.append(f'<path d="{d}" fill="none" stroke="{ARROW}" stroke-width="1.3" marker-end="url(#head)"/>')
    return "\n".join(lines)


def shift(box: Node, other: Node, neighbours: list[Node]) -> float:
    """How far from the middle of a box the arrow to or from one of its neighbours is."""
    place = [id(node) for node in neighbours].index(id(other)) - (len(neighbours) - 1) / 2
    return place * min(24, 0.7 * box.width / len(neighbours))


def text(
    x: float, y: float, what: str, size: float, colour: str, anchor: str, more: str = "", mono: bool = False
) -> str:
    """A line of text."""
    family = "DejaVu Sans Mono, Menlo, Consolas, monospace" if mono else "DejaVu Sans, Helvetica, Arial, sans-serif"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{family}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'{more} xml:space="preserve">{escape(what)}</text>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE.relative_to(ROOT))
