"""Tables of irreps and of branchings, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from projectors.report import Record
from projectors.report.matrices import named_matrix
from projectors.report.tables import count, facts, heading, plain_table

__all__ = ["branch_view", "irreps_view"]

SHOWN = 8  # rows of a matrix that is printed
COLUMNS = 16  # irreps of H that stand beside each other; more are written as sums


def irreps_view(record: Record) -> RenderableType:
    """What `grouprep irreps` shows."""
    irreps = record["irreps"]
    title = f"{count(len(irreps), 'irrep')} of {record['group']} over the {record['field']} numbers"
    columns = [
        ("irrep", "left"),
        ("dim", "right"),
        ("type", "left"),
        ("indicator", "right"),
        ("rational form over", "left"),
    ]
    rows = [(r["label"], f"{r['dim']:,}", r["type"], str(r["indicator"]), r["entries"] or "floats") for r in irreps]
    parts: list[RenderableType] = [heading(title), plain_table(columns, rows)]
    if not record["is_finite"]:
        parts.append(Text("the first of infinitely many; --up-to N shows others", style="dim"))
    for r in irreps:
        if r["matrices"] is None:
            continue
        parts.append(heading(r["label"]))
        small = r["dim"] <= SHOWN
        parts += [Text(named_matrix(name, m) + "\n") for name, m in r["matrices"].items()] if small else []
        if not small:
            parts.append(Text("too large to print; --json has the matrices", style="dim"))
    return Group(*parts)


def branch_view(record: Record) -> RenderableType:
    """What `grouprep branch` shows."""
    title = f"{record['group']} restricted to {record['subgroup']}, over the {record['field']} numbers"
    parts: list[RenderableType] = [heading(title)]
    about: list[tuple[str, RenderableType]] = []
    if record["images"]:
        about.append(("generators go to", ", ".join(f"{a} = {cycles}" for a, cycles in record["images"].items())))
    if record["index"]:
        about.append(("index", f"{record['index']:,}"))
    if about:
        parts.append(facts(about))
    labels = [c["label"] for c in record["columns"]]
    if len(record["rows"]) > 1 and len(labels) <= COLUMNS:
        columns = [("irrep", "left"), ("dim", "right"), *((label, "right") for label in labels)]
        rows = []
        for r in record["rows"]:
            found = {p["label"]: p["multiplicity"] for p in r["parts"]}
            rows.append(
                (r["label"], f"{r['dim']:,}", *(f"{found[label]:,}" if label in found else "." for label in labels))
            )
        parts.append(plain_table(columns, rows, fold=False))
    else:
        rows = [(r["label"], f"{r['dim']:,}", _sum(r["parts"])) for r in record["rows"]]
        parts.append(plain_table([("representation", "left"), ("dim", "right"), ("splits into", "left")], rows))
    return Group(*parts)


def _sum(parts: list[Record]) -> str:
    return " + ".join(f"{p['multiplicity']} {p['label']}" if p["multiplicity"] > 1 else p["label"] for p in parts)
