"""What notebooks and pages show of objects: HTML with pictures in SVG, legible on light and dark, and by those who listen to it.

Colours are middle tones and text takes that of its surroundings; every picture says in words what it shows. Nothing is loaded from
elsewhere, and what users name is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from grouprep.errors import printable

__all__ = [
    "Html",
    "bar",
    "blocks_picture",
    "card",
    "elements_picture",
    "facts",
    "gallery",
    "joined",
    "matrix_picture",
    "note",
    "text",
    "verdict",
    "word_table",
]

PALETTE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#8c6bb1",
    "#a6761d",
)  # after Okabe and Ito
POSITIVE, NEGATIVE, FILL, GOOD, BAD = "#e0661a", "#3182c8", "#3f8fd0", "#1a9c66", "#d4552a"
PIXELS = 1_600  # entries of a matrix that is drawn
_LEVELS = 8
_SHOWN = 8  # elements of a basis that are drawn by themselves
_SMALL = 'style="opacity:0.75;margin:0.2em 0"'


class Html(str):
    """Text that is HTML already; other text is escaped."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as HTML; control characters are shown as escapes.

    Examples
    --------
    >>> text("a < b"), text(Html("<b>bold</b>"))
    ('a &lt; b', '<b>bold</b>')
    """
    return value if isinstance(value, Html) else Html(escape(printable(str(value))))


def joined(parts: Iterable[object]) -> Html:
    """The parts one after the other."""
    return Html("".join(map(text, parts)))


def card(title: object, *parts: object) -> Html:
    """An object: its title, and what there is to see.

    Examples
    --------
    >>> card("C2", note("order 2"))
    '<div class="grouprep"><p style="margin:0.2em 0"><strong>C2</strong></p><p style="opacity:0.75;margin:0.2em 0">order 2</p></div>'
    """
    return Html(
        f'<div class="grouprep"><p style="margin:0.2em 0"><strong>{text(title)}</strong></p>{joined(parts)}</div>'
    )


def note(words: object) -> Html:
    """A line of small importance."""
    return Html(f"<p {_SMALL}>{text(words)}</p>")


def verdict(good: bool, words: object) -> Html:
    """A mark and words, which say the same."""
    return Html(
        f'<span style="color:{GOOD if good else BAD}" aria-hidden="true">{"✓" if good else "○"}</span> {text(words)}'
    )


def facts(rows: Iterable[tuple[object, object]]) -> Html:
    """Names and values in two columns."""
    lines = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:normal;opacity:0.75;vertical-align:top">{text(name)}</th>'
        f'<td style="text-align:left">{text(value)}</td></tr>'
        for name, value in rows
    )
    return Html(f"<table><tbody>{lines}</tbody></table>")


def word_table(head: Sequence[object], rows: Iterable[Sequence[object]], caption: object = "") -> Html:
    """A table with a header; numbers stand right, the first column names the row. It scrolls where it is too wide.

    Examples
    --------
    >>> word_table(["irrep", "dim"], [["E1", 2]]).count("<th")
    4
    """
    lines, sides = [], ["left"] * len(head)
    for first, *rest in rows:
        sides = ["left", *("left" if isinstance(x, Html) else "right" for x in rest)]
        cells = "".join(
            f'<td style="text-align:{"left" if isinstance(x, Html) else "right"}">{text(x)}</td>' for x in rest
        )
        lines.append(f'<tr><th scope="row" style="text-align:left">{text(first)}</th>{cells}</tr>')
    top = "".join(
        f'<th scope="col" style="text-align:{side}">{text(h)}</th>' for h, side in zip(head, sides, strict=True)
    )
    title = f'<caption style="text-align:left">{text(caption)}</caption>' if caption else ""
    return Html(
        f'<div style="overflow-x:auto"><table>{title}<thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def bar(share: float, words: object) -> Html:
    """A number between 0 and 1 as a bar, with words beside it."""
    width = 100 * min(max(share, 0.0), 1.0) if share == share else 0.0
    return Html(
        '<span style="white-space:nowrap"><span style="display:inline-block;width:6em;height:0.7em;'
        'border:1px solid #8888;vertical-align:middle" aria-hidden="true">'
        f'<span style="display:block;height:100%;width:{width:.4g}%;background:{POSITIVE}"></span></span> {text(words)}</span>'
    )


def _svg(width: float, height: float, alt: str, body: str, size: tuple[float, float] | None = None) -> Html:
    w, h = size or (width, height)
    label = escape(printable(alt), quote=True)
    return Html(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" viewBox="0 0 {width:g} {height:g}" width="{w:g}" '
        f'height="{h:g}" style="max-width:100%;height:auto;margin:0.2em 0.4em 0.2em 0"><title>{label}</title>{body}</svg>'
    )


def _cells(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    """A path of the places where a mask holds, runs of a row in one piece."""
    out = []
    for i, row in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
        out += [f"M{a} {i}h{b - a}v1h{a - b}z" for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
    return "".join(out)


def _frame(m: int, n: int) -> str:
    return f'<rect width="{n}" height="{m}" fill="none" stroke="currentColor" stroke-opacity="0.5" vector-effect="non-scaling-stroke"/>'


def _size(m: int, n: int, side: float) -> tuple[float, float]:
    scale = min(side / max(m, n), 18)
    return n * scale, m * scale


def matrix_picture(values: object, name: str, side: float = 120) -> Html:
    """A small matrix by colour: orange is positive, blue negative, nothing zero; of complex entries the absolute values.

    Parameters
    ----------
    values : (m, n) numbers; name : what it is, for those who do not see it; side : the longer side, in pixels.

    Examples
    --------
    >>> "X1: matrix 2 x 2, largest entry 1" in matrix_picture([[1, 0], [0, -1]], "X1")
    True
    """
    A = np.asarray(values)
    kind = ", absolute values" if A.dtype.kind == "c" and np.any(A.imag) else ""
    A = np.abs(A) if kind else A.real
    m, n = A.shape
    top = float(np.abs(A).max(initial=0.0))
    level = np.zeros(A.shape, dtype=int) if not top else np.sign(A) * np.ceil(_LEVELS * np.abs(A) / top - 1e-9)
    shapes = [
        f'<path fill="{POSITIVE if k > 0 else NEGATIVE}" fill-opacity="{abs(k) / _LEVELS:.3g}" d="{_cells(level == k)}"/>'
        for k in np.unique(level).astype(int).tolist()
        if k
    ]
    return _svg(
        n,
        m,
        f"{name}: matrix {m} x {n}, largest entry {top:.4g}{kind}",
        "".join(shapes) + _frame(m, n),
        _size(m, n, side),
    )


def elements_picture(elements: object, name: str, side: float = 280) -> Html:
    """Several matrices in one picture: each place has the colour of the one that is not zero there, grey if there are several.

    Parameters
    ----------
    elements : (r, m, n) numbers; name : what they are, for those who do not see it; side : the longer side, in pixels.
    """
    X = np.asarray(elements)
    r, m, n = X.shape
    there = np.abs(X) > 1e-12 * np.abs(X).max(initial=0.0)
    number = there.sum(axis=0)
    which = np.where(number == 1, there.argmax(axis=0), -1)
    shapes = []
    for k in range(r):
        if path := _cells(which == k):
            shade = 1.0 - 0.28 * (k // len(PALETTE) % 3)
            shapes.append(f'<path fill="{PALETTE[k % len(PALETTE)]}" fill-opacity="{shade:.2g}" d="{path}"/>')
    shapes.append(f'<path fill="#888" fill-opacity="0.7" d="{_cells(number > 1)}"/>')
    alone, shared = int((number == 1).sum()), int((number > 1).sum())
    alt = f"{name}: {r} matrices {m} x {n}; {alone} places belong to one of them, {shared} to several, the rest to none"
    return _svg(n, m, alt, "".join(shapes) + _frame(m, n), _size(m, n, side))


def blocks_picture(
    rows: Sequence[tuple[str, int]],
    columns: Sequence[tuple[str, int]],
    cells: Mapping[tuple[int, int], str],
    alt: str,
    side: float = 300,
) -> Html:
    """An operator cut into blocks: where it may be other than zero, with a word in each such block.

    Parameters
    ----------
    rows, columns : names and sizes of the pieces.
    cells : a word for each block that is not zero, by the numbers of its row and its column.
    alt : what the picture says.
    side : the longer side of the operator, in pixels.
    """
    heights, widths = (_spread([size for _, size in pieces], side) for pieces in (rows, columns))
    left = 8 + 6.2 * max((len(_cut(label)) for label, _ in rows), default=0)
    top = 20.0
    ys, xs = np.cumsum([top, *heights]).tolist(), np.cumsum([left, *widths]).tolist()
    out = ['<g font-family="sans-serif" font-size="11" fill="currentColor">']
    for (i, j), word in sorted(cells.items()):
        w, h = widths[j], heights[i]
        out.append(
            f'<rect x="{xs[j]:.4g}" y="{ys[i]:.4g}" width="{w:.4g}" height="{h:.4g}" fill="{FILL}" fill-opacity="0.45"/>'
        )
        if word and 6.2 * len(word) < w and h >= 12:
            out.append(_words(xs[j] + w / 2, ys[i] + h / 2, "middle", word))
    for k, (label, _) in enumerate(rows):
        if heights[k] >= 10:
            out.append(_words(left - 5, ys[k] + heights[k] / 2, "end", _cut(label)))
    for k, (label, _) in enumerate(columns):
        shown = _cut(label)
        if 6.2 * len(shown) < widths[k] + 4:
            out.append(_words(xs[k] + widths[k] / 2, top - 10, "middle", shown))
    lines = [f"M{xs[0]:.4g} {y:.4g}H{xs[-1]:.4g}" for y in ys] + [f"M{x:.4g} {ys[0]:.4g}V{ys[-1]:.4g}" for x in xs]
    out.append(f'</g><path d="{"".join(lines)}" fill="none" stroke="currentColor" stroke-opacity="0.4"/>')
    return _svg(xs[-1] + 4, ys[-1] + 4, alt, "".join(out))


def _words(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text x="{x:.4g}" y="{y:.4g}" text-anchor="{anchor}" dominant-baseline="central">{text(words)}</text>'


def _spread(sizes: Sequence[int], side: float) -> list[float]:
    """Lengths for pieces of sizes, by their square roots, so that small ones are seen beside large ones."""
    roots = np.sqrt(np.maximum(np.asarray(sizes, dtype=float), 1e-9))
    scale = min(side / float(roots.sum()), 70.0) if len(roots) else 0.0
    return [float(x) for x in roots * scale]


def _cut(label: str) -> str:
    return label if len(label) <= 18 else f"{label[:16]}.."


def gallery(elements: object, name: str, exact: bool = False) -> Html:
    """Matrices (r, m, n): all in one picture, and the first few beside each other.

    Examples
    --------
    >>> import numpy as np
    >>> gallery(np.eye(2)[:, :, None] * np.eye(2)[:, None], "basis").count("<svg")
    3
    """
    X = np.asarray(elements)
    r, m, n = X.shape
    parts: list[object] = []
    words = []
    if r > 1:
        parts.append(elements_picture(X, f"{name}, all elements in one"))
        kind = "exact" if exact else "orthonormal"
        words.append(f"Each place has the colour of the one element ({kind}) that is not zero there, grey: several.")
    if m * n <= PIXELS:
        parts += [matrix_picture(X[k], f"X{k + 1}", 84) for k in range(min(r, _SHOWN))]
        which = "each element" if r <= _SHOWN else f"the first {_SHOWN} of {r:,}"
        words.append(f"Small: {which}; orange is positive, blue negative.")
    return joined([*parts, note(" ".join(words))])
