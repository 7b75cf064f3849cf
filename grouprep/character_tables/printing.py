"""Character tables as text, in HTML, in LaTeX and on a terminal with colours."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.character_tables.naming import letters

if TYPE_CHECKING:
    from rich.table import Table

    from grouprep.character_tables.table import CharacterTable

__all__ = ["html", "latex", "rich_table", "text"]


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


def rich_table(table: CharacterTable) -> Table:
    """The table for a terminal: names, sizes and representatives of the classes above, indicators on the right."""
    from rich import box
    from rich.table import Table

    show = _Values()
    rows = [[chi.label, *map(show, chi.values), {1: "+", 0: "0", -1: "-"}[chi.indicator]] for chi in table.irreducibles]
    legend = "\n".join(f"{a} = {x} = {_numeric(x)}" for a, x in show.legend())
    found = Table(
        title=f"characters of {table.group}",
        caption=legend or None,
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        caption_justify="left",
    )
    found.add_column(str(table.group), style="bold", no_wrap=True)
    for c in table.classes:
        found.add_column(f"{c.name}\n{c}", justify="right")
    found.add_column("type", justify="right")
    for row, chi in zip(rows, table.irreducibles, strict=True):
        found.add_row(*row[:-1], chi.type)
    return found


def html(table: CharacterTable) -> str:
    """The table in HTML, its values exact."""
    heads = "".join(f"<th>{escape(c.name)}<br>{escape(str(c))}</th>" for c in table.classes)
    lines = [
        f"<tr><th>{escape(chi.label)}</th>{''.join(f'<td>{escape(str(x))}</td>' for x in chi.values)}<td>{chi.type}</td></tr>"
        for chi in table.irreducibles
    ]
    return (
        f"<table><thead><tr><th>{escape(str(table.group))}</th>{heads}<th>type</th></tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
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
