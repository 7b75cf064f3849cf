"""The sections of the demonstration, laid out for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from projectors.demo.digits import percent
from projectors.demo.rubik import CORNERS_SHOWN, EDGES_SHOWN, Rubik, rubik_file
from projectors.report import Record
from projectors.report.tables import certificate_view, facts, plain_table

__all__ = ["digits_section", "lorentz_section", "next_section", "note", "rubik_section"]

COLOURS = ("blue", "bright_cyan", "green", "white", "red", "magenta", "white", "yellow", "bright_yellow")

Row = tuple[str, RenderableType]


def _section(number: str, title: str, *parts: RenderableType) -> RenderableType:
    body = [Padding(part, (0, 0, 0, 2)) for part in parts]
    return Group(Text(), Rule(Text(f" {number}  {title} ", style="bold"), align="left"), Text(), *body)


def note(text: str) -> RenderableType:
    """A line in the margin of a section."""
    return Padding(Text(text, style="dim"), (0, 0, 0, 2))


def _dimension(record: Record) -> Text:
    return Text.assemble(
        f"{record['unknowns']:,} unknowns, dimension ", (str(record["dim"]), "bold green"), ", exact; ",
        f"solved and proved in {record['seconds']:.2f} s",
    )  # fmt: skip


def rubik_section(rubik: Rubik) -> RenderableType:
    """The group file, the commutant, the nine orbitals and the certificate."""
    record = rubik.record
    rows: list[Row] = [
        ("order", f"{record['order']:,}"),
        ("representation", f"its {record['representation_dim']} facelets, permuted by six quarter turns"),
        ("commutant", _dimension(record)),
    ]
    if record["verified"]:
        proved = "proved again from the file alone" if record["verified"]["proved"] else "not proved"
        rows.append(("saved", f"{record['verified']['file']}, {proved} in {record['verified']['seconds']:.2f} s"))
    return _section(
        "1", "A group from ten lines: the Rubik's cube",
        Text("This file is all that is known of the group; one of your own would do as well:"),
        Padding(Text(_file_head(), style="cyan"), (1, 0, 1, 2)),
        facts(rows), Text(), _orbitals(rubik), certificate_view(record["certificate"]),
    )  # fmt: skip


def _file_head() -> str:
    lines = rubik_file().read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#")).strip()


def _orbitals(rubik: Rubik) -> RenderableType:
    rows: list[Sequence[RenderableType]] = []
    for o in rubik.record["orbitals"]:
        number = Text(str(o["number"]), style=COLOURS[o["number"] - 1])
        rows.append((number, f"{o['from']} to {o['to']}", f"{o['entries']}", o["meaning"]))
    columns = [("X", "right"), ("facelets", "left"), ("ones", "right"), ("what it takes", "left")]
    intro = Text(
        f"The nine basis elements are 0-1 matrices that share no place. Here on {CORNERS_SHOWN} corner pieces of 3 facelets and "
        f"{EDGES_SHOWN} edge pieces of 2:"
    )
    return Group(intro, Padding(_excerpt(rubik), (1, 0, 0, 2)), plain_table(columns, rows))


def _excerpt(rubik: Rubik) -> Text:
    """Digits 1 to 9 in their colours, with gaps between the pieces."""
    starts = {3 * k for k in range(1, CORNERS_SHOWN + 1)} | {3 * CORNERS_SHOWN + 2 * k for k in range(1, EDGES_SHOWN)}
    text = Text()
    for i, row in enumerate(rubik.excerpt.tolist()):
        if i in starts:
            text.append("\n")
        for j, label in enumerate(row):
            text.append("   " if j in starts else " " if j else "")
            text.append(str(label), style=COLOURS[label - 1])
        text.append("\n")
    return text


def lorentz_section(record: Record) -> RenderableType:
    """The three operators on rank-2 tensors."""
    rows: list[Row] = [
        ("group", f"{record['group']}: rotations, boosts, parity and time reversal; not compact"),
        ("representation", f"tensors T^ab, dimension {record['representation_dim']}"),
        ("commutant", _dimension(record)),
        (
            "inner product",
            "euclidean: no invariant one is positive, so the projection is asked for as the Frobenius-orthogonal one",
        ),
    ]
    elements = [(f"X{k + 1}", e["name"], e["map"]) for k, e in enumerate(record["elements"])]
    return _section(
        "2", "Space and time: the Lorentz group on tensors",
        facts(rows), plain_table([("", "left"), ("basis element", "left"), ("what it does", "left")], elements),
        certificate_view(record["certificate"]),
    )  # fmt: skip


def digits_section(record: Record) -> RenderableType:
    """Shares by layer, and accuracies before and after projection."""
    networks = record["networks"]
    intro = Text(
        "Two networks of 64 pixels, 128 hidden units with ReLU and 10 classes were trained on upright 8 x 8 digits, one plainly, "
        f"one with the penalty {record['penalty']:g} * |T - P(T)|^2 on every weight and bias T (a strength picked by hand). "
        f"D4 turns and mirrors the pixels, {record['pixels']}; the hidden units are {record['hidden']}, "
        f"the classes {record['classes']}. How much of |T|^2 is equivariant:"
    )
    return _section(
        "3", "How equivariant is a trained network?",
        intro, _shares(networks),
        Text(f"Share of {record['held_out_images']} held-out digits read correctly, upright and in all eight positions:"),
        _accuracies(networks),
        Text(_conclusion(record)), Text(), Text(f"Data: {record['credit']}.", style="dim"),
    )  # fmt: skip


def _shares(networks: Record) -> RenderableType:
    columns = [
        ("network", "left"), ("T", "left"), ("equivariant", "right"), ("share of T", "right"),
        ("|T - P(T)|", "right"), ("of P(T)", "right"),
    ]  # fmt: skip
    rows: list[Sequence[RenderableType]] = []
    for name, network in networks.items():
        for k, layer in enumerate(network["layers"]):
            rows.append((
                name if k == 0 else "", layer["parameter"], f"{layer['equivariant_dim']:,} of {layer['entries']:,}",
                Text(percent(layer["share_before"]), style="bold"), f"{layer['residual']:.3g}", percent(layer["share_after"]),
            ))  # fmt: skip
    first = next(iter(networks.values()))["layers"][0]
    random = percent(first["equivariant_dim"] / first["entries"])
    legend = f"equivariant: the dimension of the equivariant maps among all; so {random} is the share of a random {first['parameter']}.\n"
    return Group(plain_table(columns, rows, fold=False), Text(legend, style="dim"))


def _accuracies(networks: Record) -> RenderableType:
    columns = [
        ("network", "left"),
        ("", "left"),
        ("upright", "right"),
        ("all eight", "right"),
        ("same answer in all eight", "right"),
    ]
    rows: list[Sequence[RenderableType]] = []
    for name, network in networks.items():
        for k, (state, label) in enumerate((("as_trained", "as trained"), ("projected", "projected"))):
            values = network["accuracy"][state]
            numbers = [percent(values[key]) for key in ("upright", "turned", "constant")]
            rows.append((name if k == 0 else "", label, *numbers))
    return plain_table(columns, rows, fold=False)


def _conclusion(record: Record) -> str:
    plain, penalised = (record["networks"][n]["accuracy"] for n in ("plain", "penalised"))
    return (
        f"Projection makes both networks invariant. It costs the plain one nearly all it knows ({plain['as_trained']['upright']:.1%} to "
        f"{plain['projected']['upright']:.1%}), the penalised one next to nothing ({penalised['as_trained']['upright']:.1%} to "
        f"{penalised['projected']['upright']:.1%}). A half turn makes a 6 into a 9, so invariance is not free: {_mistakes(penalised)}."
    )


def _mistakes(accuracy: Record) -> str:
    before, after = accuracy["as_trained"]["six_nine"], accuracy["projected"]["six_nine"]
    return f"the penalised network takes {before} of the upright sixes and nines for each other as trained, {after} projected"


def next_section(folder: str) -> RenderableType:
    """Commands to try, and where to read on."""
    pair = '--group D4 --in "grid(8,8)" --out "16*regular"'
    rows: list[Row] = [
        (f"grouprep info {folder}/rubik.toml", "a group from a file: edit it, or write your own"),
        (f"grouprep verify {folder}/rubik.json", "prove the saved basis again"),
        ('grouprep basis "SO(3)" --in "defining^2" --out defining --exact', "the cross product, proved"),
        (f"grouprep penalty {folder}/digits.npz --key plain.hidden.weight {pair}", "one layer of the network"),
        ("grouprep --help", "all commands"),
    ]
    lines = Text()
    for command, meaning in rows:
        lines.append(f"{meaning}\n", style="dim")
        lines.append(f"  {command}\n", style="cyan")
    documents = Text("Read on: docs/guide/command-line.md, docs/guide/demo.md, and README.md for the same in Python.")
    return _section("4", "Where to go next", lines, documents)
