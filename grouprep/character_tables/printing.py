"""Character tables as text, in HTML, in LaTeX and on a terminal with colours."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.character_tables.naming import letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from grouprep.character_tables.table import CharacterTable

__all__ = ["html", "latex", "rich_parts", "text"]


_SHOWN = 40  # rows and columns of a table that a notebook shows


class _Values:
    """The values of a table as short texts, with letters for the long ones: A, -A, and A* for the complex conjugate."""

    def __init__(self) -> None:
        self._letters: dict[Cyclotomic, str] = {}

    def __call__(self, x: Cyclotomic) -> str:
        short = _plain(x)
        if short is not None:
            return short
        bar = x.conjugate()
        for y, sign, star in ((x, "", ""), (-x, "-", ""), (bar, "", "*"), (-bar, "-", "*")):
            if y in self._letters:
                return f"{sign}{self._letters[y]}{star}"
        self._letters[x] = letters(len(self._letters)).upper()
        return self._letters[x]

    def legend(self) -> list[tuple[str, Cyclotomic]]:
        """The letters and what they stand for."""
        return [(letter, x) for x, letter in self._letters.items()]


def _plain(x: Cyclotomic) -> str | None:
    """A rational or Gaussian number as it is printed, or None."""
    if x.conductor == 1:
        return str(x.coefficients[0])
    if x.conductor != 4:
        return None
    re, im = x.coefficients
    return f"{im}i" if not re else f"{re}{'' if im < 0 else '+'}{im}i"


def _numeric(x: Cyclotomic) -> str:
    z = complex(x)
    re, im = f"{z.real:.4g}", f"{z.imag:.4g}"
    return re if not z.imag else f"{im}i" if not z.real else f"{re}{'' if im.startswith('-') else '+'}{im}i"


def text(table: CharacterTable) -> str:
    """The table with one line for each irrep, and what its letters stand for."""
    show = _Values()
    head = [str(table.group), *map(str, table.classes)]
    rows = [head] + [[chi.label, *map(show, chi.values)] for chi in table.irreducibles]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join([r[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(r[1:], widths[1:], strict=True))]) for r in rows
    ]
    return "\n".join([*lines, *(f"{a} = {x} = {_numeric(x)}" for a, x in show.legend())])


def rich_parts(table: CharacterTable, width: int) -> Iterator[RenderableType]:
    """What a terminal of some width shows: the table in pieces that fit, then what the letters stand for."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    show = _Values()
    rows = [[chi.label, *map(show, chi.values), chi.type] for chi in table.irreducibles]
    labels, *values, types = zip(*rows, strict=True)
    margin = max(map(len, [str(table.group), *labels])) + 3
    for heads in (
        map(str, table.classes),
        (str(c.size) for c in table.classes),
    ):  # without representatives if they do not fit
        columns = [[c.name, head, *column] for c, head, column in zip(table.classes, heads, values, strict=True)]
        columns.append(["", "type", *types])
        widths = [max(map(len, column)) + 3 for column in columns]
        if margin + sum(widths) <= width:
            break
    yield Text(f"characters of {table.group}", style="bold")
    while columns:
        taken, room = 0, width - margin
        while taken < len(columns) and (not taken or room >= widths[taken]):
            room -= widths[taken]
            taken += 1
        piece = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
        piece.add_column(Text(f"\n{table.group}"), style="bold", no_wrap=True)
        for name, what, *_ in columns[:taken]:
            piece.add_column(Text(f"{name}\n{what}"), justify="right", no_wrap=True)
        for i, label in enumerate(labels):
            piece.add_row(Text(label), *(Text(column[i + 2]) for column in columns[:taken]))
        yield piece
        del columns[:taken], widths[:taken]
    for letter, x in show.legend():
        yield Text(f"{letter} = {x} = {_numeric(x)}")


def html(table: CharacterTable) -> str:
    """The table in HTML, its values exact; of large ones the first rows and columns."""
    n = len(table)
    classes, rows = table.classes[:_SHOWN], table.irreducibles[:_SHOWN]
    heads = "".join(f'<th scope="col">{escape(c.name)}<br/>{escape(str(c))}</th>' for c in classes)
    lines = [
        f'<tr><th scope="row">{escape(chi.label)}</th>{"".join(f"<td>{escape(str(chi[k]))}</td>" for k in range(len(classes)))}'
        f"<td>{chi.type}</td></tr>"
        for chi in rows
    ]
    what = f"Characters of {table.group}" + (f": {_SHOWN} of {n:,} rows and columns" if n > _SHOWN else "")
    return (
        f'<div style="overflow-x:auto"><table style="white-space:nowrap"><caption style="text-align:left">{escape(what)}</caption>'
        f'<thead><tr><th scope="col">{escape(str(table.group))}</th>{heads}<th scope="col">type</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def latex(table: CharacterTable) -> str:
    """The table as an array of LaTeX between dollars, its values exact."""
    from sympy import latex as write

    heads = " & ".join(rf"{c.size}\,\mathrm{{{c.name}}}" for c in table.classes)
    lines = [
        rf"\mathrm{{{_escaped(chi.label)}}} & " + " & ".join(write(x.to_sympy()) for x in chi.values)
        for chi in table.irreducibles
    ]
    columns = "c" * len(table.classes)
    body = " \\\\\n".join(lines)
    return f"$$\\begin{{array}}{{l|{columns}}}\n\\mathrm{{{_escaped(str(table.group))}}} & {heads} \\\\ \\hline\n{body}\n\\end{{array}}$$"


def _escaped(label: str) -> str:
    for a in "\\{}_^#&%$~":
        label = label.replace(a, {"\\": "/", "^": r"\hat{}", "~": r"\tilde{}"}.get(a, "\\" + a))
    return label
