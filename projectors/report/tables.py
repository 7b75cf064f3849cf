"""Tables and text for a terminal, from the records that the commands make."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from grouprep.summary import Summary
from projectors.report import Record
from projectors.report.matrices import named_matrix

__all__ = [
    "Terminal",
    "Waiting",
    "basis_view",
    "certificate_view",
    "count",
    "decomposition_view",
    "facts",
    "group_view",
    "penalty_view",
]

SHOWN_SIDE = 16  # rows or columns of a basis element that is printed
SHOWN_ELEMENTS = 12  # of a basis, or generators of a group
SHOWN_TEXT = 88  # characters of a generator


class Terminal(Console):
    """The console of the command: no markup in what users name, and a broken pipe is the caller's business.

    Parameters
    ----------
    stderr : whether to write there.
    """

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, highlight=False, emoji=False, safe_box=True)
        if not self.is_terminal and "COLUMNS" not in self._environ:
            self.width = 110

    def on_broken_pipe(self) -> None:
        """Raise; `projectors.cli` ends quietly."""
        raise BrokenPipeError from sys.exception()


class Waiting(Summary):
    """A line on stderr that says what is done, and below it a bar for whatever has several steps.

    Parameters
    ----------
    text : what is done.
    """

    def __init__(self, text: str) -> None:
        self.text, self.tasks = text, dict[str, TaskID]()
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(20),
            TextColumn("{task.fields[of]}"),
        )
        self.bars = Progress(*columns, console=Terminal(stderr=True), transient=True)

    def __enter__(self) -> Waiting:
        self.bars.start()
        self.bars.add_task(self.text, total=None, of="")
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def listen(self, text: str, done: int, of: int) -> None:
        """What `grouprep.progress.progress` calls."""
        if of > 1:
            if text not in self.tasks:
                self.tasks[text] = self.bars.add_task(text, total=of, of="")
            self.bars.update(self.tasks[text], completed=done, total=of, of=f"{done:,} of {of:,}")


def count(n: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun.

    Examples
    --------
    >>> from projectors.report.tables import count
    >>> count(1, "class", "classes"), count(1200, "element")
    ('1 class', '1,200 elements')
    """
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def facts(rows: Sequence[tuple[str, RenderableType]]) -> Table:
    """Names and values in two columns, without lines."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


def plain_table(
    columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[RenderableType]], fold: bool = True
) -> Table:
    """A table with a rule below its header; columns are (title, justification), and fold if they may."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for title, justify in columns:
        table.add_column(title, justify=justify, overflow="fold", no_wrap=not fold)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row)
    return table


def heading(text: str) -> Text:
    """A title in bold."""
    return Text(text, style="bold")


def group_view(record: Record) -> RenderableType:
    """What `grouprep info` shows."""
    rows: list[tuple[str, RenderableType]] = [("order", record["order_text"])]
    rows.append(("compact", "yes" if record["is_compact"] else "no: Hom needs inner = euclidean to project"))
    if record["conjugacy_classes"] is not None:
        rows.append(("conjugacy classes", f"{record['conjugacy_classes']:,}"))
    if record["factors"]:
        rows.append(("factors", ", ".join(f"{i}: {name}" for i, name in enumerate(record["factors"]))))
    if record["irreps"]:
        shown = ", ".join(f"{r['label']} ({r['dim']})" for r in record["irreps"][:SHOWN_ELEMENTS])
        more = len(record["irreps"]) > SHOWN_ELEMENTS or not record["is_finite"]
        rows.append(("real irreps (dim)", shown + (", ..." if more else "")))
    if record["file"]:
        rows.append(("file", record["file"]))
    names = [
        (r["name"], f"{r['dim']:,}", r["field"], "yes" if r["unitary"] else "no") for r in record["representations"]
    ]
    columns = [("representation", "left"), ("dim", "right"), ("field", "left"), ("unitary", "left")]
    return Group(
        heading(record["group"]),
        facts(rows),
        Text(),
        _generators_view(record["generators"]),
        plain_table(columns, names),
        Text("Join them with +, n*, * (tensor product), ^k, sym(k, V), ext(k, V), dual(V), conj(V).", style="dim"),
    )


def _generators_view(generators: Record) -> RenderableType:
    cycles = [(name, _shorten(g)) for name, g in generators.items() if isinstance(g, str)]
    small = [(name, g) for name, g in generators.items() if not isinstance(g, str) and len(g) <= 6][:SHOWN_ELEMENTS]
    parts: list[RenderableType] = [facts(cycles[:SHOWN_ELEMENTS])] if cycles else []
    if small:
        parts.append(Columns([Text(named_matrix(name, g) + "\n") for name, g in small], padding=(0, 4)))
    if hidden := len(generators) - len(small) - len(cycles[:SHOWN_ELEMENTS]):
        parts.append(Text(f"and {count(hidden, 'more generator')}; --json has all", style="dim"))
    return Group(*parts)


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}... ({len(text):,} characters)"


def basis_view(record: Record) -> RenderableType:
    """What `grouprep basis` shows."""
    m, n = record["shape"]
    title = Text.assemble(
        (f"Hom({record['in']}, {record['out']})", "bold"),
        f" of {record['group']}: dimension ",
        (f"{record['dim']:,}", "bold green"),
    )
    parts: list[RenderableType] = [title, Text(f"operators {m:,} x {n:,}", style="dim")]
    if len(record["pairs"]) > 1 or any(p["places"] > 1 for p in record["pairs"]):
        rows = [(p["in"], p["out"], f"{p['dim']:,}", f"{p['places']:,}") for p in record["pairs"]]
        parts.append(plain_table([("from", "left"), ("to", "left"), ("dim", "right"), ("places", "right")], rows))
    if record["explanation"]:
        parts += [Text(), Text("\n".join(record["explanation"].splitlines()[1:]))]
    if record["dim"]:
        parts += [Text(), _elements_view(record)]
    if record["certificate"]:
        parts += [Text(), certificate_view(record["certificate"])]
    if record["saved"]:
        parts.append(Text(f"Saved to {record['saved']}; prove it anew with: grouprep verify {record['saved']}"))
    return Group(*parts)


def _elements_view(record: Record) -> RenderableType:
    m, n = record["shape"]
    matrices = record["matrices"]
    kind = "exact" if record["exact"] else "orthonormal, float64"
    if matrices is None or max(m, n) > SHOWN_SIDE:
        how = "H.exact_basis()" if record["exact"] else "H.basis()"
        return Text(
            f"The basis ({kind}) is too large to print; --save F writes it exactly, {how} gives it in Python.",
            style="dim",
        )
    shown = matrices[: SHOWN_ELEMENTS if m <= 8 else 4]
    blocks = [Text(named_matrix(f"X{k + 1}", X) + "\n") for k, X in enumerate(shown)]
    hidden = len(matrices) - len(shown)
    more = [Text(f"and {hidden:,} more; --json prints all", style="dim")] if hidden else []
    return Group(Text(f"Basis ({kind}):", style="dim"), Padding(Columns(blocks, padding=(0, 4)), (0, 0, 0, 2)), *more)


def decomposition_view(record: Record) -> RenderableType:
    """What `grouprep decompose` shows."""
    title = Text.assemble((record["representation"], "bold"), f" of {record['group']}, dimension {record['dim']:,}")
    rows = [
        (r["label"], f"{r['dim']:,}", r["type"], f"{r['multiplicity']:,}", f"{r['multiplicity'] * r['dim']:,}")
        for r in record["irreps"]
    ]
    columns = [("irrep", "left"), ("dim", "right"), ("type", "left"), ("multiplicity", "right"), ("in all", "right")]
    about: list[tuple[str, RenderableType]] = [
        ("irreducible over", f"the {record['field']} numbers"),
        ("|U* U - 1|", f"{record['unitarity_error']:.2g}, largest entry"),
    ]
    if record["proved"]:
        about.append(("proved", Text(record["proved"], style="green")))
    if record["saved"]:
        about.append(("saved", f"the change of basis U, V(g) U = U blocks(g), to {record['saved']}"))
    parts: list[RenderableType] = [title, plain_table(columns, rows), facts(about)]
    matrix = record["change_of_basis"]
    if matrix is not None and record["dim"] <= (3 if record["exact"] else 8):
        parts += [Text(), Text(named_matrix("U", matrix) + "\n")]
    elif matrix is not None:
        parts.append(Text("--json prints the change of basis", style="dim"))
    return Group(*parts)


def certificate_view(certificate: Record) -> RenderableType:
    """The claims of a certificate with their evidence."""
    proved = certificate["proved"]
    title = Text.assemble(
        ("Certificate: ", "bold"),
        ("proved", "bold green") if proved else ("not proved in full", "bold yellow"),
        f", {count(len(certificate['claims']), 'claim')} in {certificate['seconds']:.2g} s",
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(overflow="fold")
    for claim in certificate["claims"]:
        mark = Text("✓ ", style="green") if claim["proved"] else Text("? ", style="yellow")
        table.add_row(mark + Text(claim["statement"]), Text(claim["evidence"], style="dim"))
    return Group(title, Padding(table, (0, 0, 0, 2)))


def penalty_view(record: Record) -> RenderableType:
    """What `grouprep penalty` shows."""
    part = "T - P(T)" if record["part"] == "residual" else "P(T)"
    symbol = {"frobenius": "F", "frobenius-squared": "F^2", "spectral": "2", "nuclear": "*"}[record["norm"]]
    m, n = record["shape"]
    rows: list[tuple[str, RenderableType]] = [
        ("operator", f"{m:,} x {n:,}; the equivariant ones have dimension {record['dim']:,} of {m * n:,}"),
        (f"|{part}|_{symbol}", f"{record['penalty']:.6g}   ({record['norm']} norm of the {record['part']} part)"),
        (f"|T|_{symbol}", f"{record['norm_of_weights']:.6g}"),
        ("relative", _number(record["relative"])),
        ("equivariant share", _share_text(record["equivariant_share"])),
        ("defect", _defect_text(record["defect"])),
    ]
    if record["array"]["note"]:
        rows.insert(0, ("note", record["array"]["note"]))
    name = record["array"]["key"]
    title = f"{name + ': ' if name else ''}{record['in']} -> {record['out']} of {record['group']}"
    parts: list[RenderableType] = [heading(title), facts(rows)]
    if record["per_irrep"]:
        pairs = sorted(record["per_irrep"], key=lambda r: -r["value"])
        columns = [("from irrep", "left"), ("to irrep", "left"), (f"|{part}|_{symbol}", "right")]
        parts.append(plain_table(columns, [(r["in"], r["out"], f"{r['value']:.6g}") for r in pairs]))
    return Group(*parts)


def _number(x: float | None) -> str:
    return "undefined, the weights are zero" if x is None else f"{x:.6g}"


def _share_text(share: float | None) -> str:
    if share is None:
        return "not defined: the weights are zero, or P is not orthogonal for |.|_F (see --inner euclidean)"
    return f"{share:.4%} of |T|^2 (Frobenius)"


def _defect_text(defect: Record) -> str:
    if defect["lower"] is None:
        return f"no bound: {defect['reason']}"
    return f"sup over g of |rho_W(g) T - T rho_V(g)| lies in [{defect['lower']:.6g}, {defect['upper']:.6g}] ({defect['norm']})"
