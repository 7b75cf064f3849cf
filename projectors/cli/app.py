"""The commands: their options, help and output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from grouprep import __version__
from grouprep.errors import CertificateError, GroupRepError, printable
from grouprep.groups.base import Group
from grouprep.groups.plain_data import described, read_data_file
from grouprep.progress import progress
from projectors import Hom
from projectors.cli.application import Application
from projectors.cli.failures import CHECK_FAILED, Failure
from projectors.cli.inputs import load_weights, read_group
from projectors.cli.records import (
    basis_record,
    certificate_record,
    characters_record,
    check_shape,
    decomposition_record,
    group_record,
    penalty_record,
)
from projectors.cli.restriction import branch_record, irreps_record, restriction_map
from projectors.cli.schemas import SCHEMAS, read_schema, schema_name
from projectors.cli.weights import SUFFIXES as WEIGHTS
from projectors.demo.demo import demo_record, print_demo
from projectors.files import FORMAT as SAVED_BASIS
from projectors.files import verify as verify_file
from projectors.files import write_text
from projectors.penalties import Frobenius
from projectors.penalties.registry import norm_names
from projectors.report import Record, printable_record
from projectors.report.page import (
    audit_section,
    basis_section,
    group_section,
    is_verification,
    saved_section,
    weights_section,
)
from projectors.report.page import page as whole_page
from projectors.solvers import SOLVERS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grouprep.markup import Html

__all__ = ["app"]

F = TypeVar("F", bound=Callable[..., object])

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
NORMS = tuple(name for name in norm_names() if "(" not in name)


def json_option(function: F) -> F:
    """Give a command the flag --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout, and nothing else.")(function)


def pair_options(function: F) -> F:
    """Give a command --in, --out and --inner."""
    function = click.option(
        "--inner", type=click.Choice(["invariant", "euclidean"]), default="invariant", show_default=True,
        help="Inner product of the projection; euclidean serves groups that are not compact.",
    )(function)  # fmt: skip
    function = click.option("--out", "codomain", metavar="W", required=True, help="Representation of the outputs.")(
        function
    )
    return click.option("--in", "domain", metavar="V", required=True, help="Representation of the inputs.")(function)


@contextmanager
def working(text: str) -> Iterator[None]:
    """A spinner on stderr while something takes its time, with bars for what has several steps, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from projectors.report.tables import Waiting

    with Waiting(printable(text)) as bars, progress(bars.listen):
        yield


def print_json(record: Record) -> None:
    """Print a record of the running command, with the name and version of its schema."""
    named = {"schema": schema_name(click.get_current_context().command.name or "")} | record
    try:
        text = json.dumps(named, indent=2, allow_nan=False)
    except ValueError as error:
        if "JSON compliant" not in str(error):
            raise
        raise GroupRepError("a result exceeds the largest float; scale the weights down") from None
    print(text)


def show(record: Record, view: Callable[[Record], RenderableType], as_json: bool, G: Group | None = None) -> None:
    """Print a record, as JSON or through its view, in which its group G has the order that was computed, not its name alone."""
    if as_json:
        print_json(record)
        return
    from projectors.report.tables import Terminal

    Terminal().print(view(printable_record(record if G is None else record | {"group": described(G)})))


def space(group: str, domain: str, codomain: str, inner: str, solver: str = "auto") -> Hom:
    """Hom(V, W) from what the options say."""
    source = read_group(group)
    V = source.representation(domain, "--in")
    W = source.representation(codomain, "--out")
    return Hom(V, W, solver=solver, inner=inner)


@click.group(cls=Application, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="grouprep")
def app() -> None:
    """Groups, their equivariant linear maps with proofs, and the non-equivariant share of trained weights.

    A GROUP is a name (D4, C8, S5, A5, Q8, SO(3), O(3), SU(2), U(1), Sp(2), O(1,3), D4xC2), a TOML or JSON file of
    generators, or a packaged example (rubik; "grouprep info rubik" says where its file is).

    A file of your own, square.toml:
      name = "square"
      [permutations]
      r = "(1 2 3 4)"
      s = "(2 4)"

    A representation is an expression: trivial, defining, natural, regular, grid(8,8), a name from the file,
    2*regular + trivial, defining^2, sym(2, defining), ext(2, V), dual(V), conj(V), factor(0, defining), irrep(E1).
    Quote what has *, ( or ^ in it.

    Examples:
      grouprep info D4
      grouprep characters S5
      grouprep basis D4 --in regular --out "2*regular" --exact
      grouprep basis rubik --in natural --out natural --exact --save rubik.json
      grouprep verify rubik.json
      grouprep decompose "SO(3)" "defining^3"
      grouprep irreps D6
      grouprep branch "O(3)" "SO(3)"
      grouprep penalty weights.npy --group D4 --in "grid(8,8)" --out "16*regular"
      grouprep report D4 --output square.html
      grouprep demo
      grouprep schema basis

    Exit codes:
      0    all went well
      1    a check failed: a certificate is false, or leaves a claim open
      2    input that cannot be used
      70   a bug in grouprep
      130  interrupted
      141  the reader of the output went away
    """


@app.command(short_help="Order, generators, classes, representations at hand.")
@click.argument("group")
@json_option
def info(group: str, as_json: bool) -> None:
    """Order, generators and classes of GROUP, and the representations at hand.

    "grouprep --help" says how a GROUP is written.

    Examples:
      grouprep info "SO(3)"
      grouprep info rubik
      grouprep info square.toml --json
    """
    with working(f"Looking at {group}"):
        source = read_group(group)
        record = group_record(source)
    from projectors.report.tables import group_view

    show(record, group_view, as_json, source.group)


@app.command(short_help="The character table of a finite group.")
@click.argument("group")
@json_option
def characters(group: str, as_json: bool) -> None:
    """The irreducible complex characters of GROUP on its conjugacy classes, exact.

    The letters stand for the numbers below the table, A* for a complex conjugate. The type says whether an irrep is real (R),
    complex (C) or quaternionic (H). "grouprep --help" says how a GROUP is written.

    Examples:
      grouprep characters A5
      grouprep characters D4xC2
      grouprep characters S10 --json
    """
    with working(f"Computing the characters of {group}"):
        table = read_group(group).group.character_table()
        record = characters_record(table)
    show(record, lambda _: table, as_json)


@app.command(short_help="A basis of the equivariant maps from V to W.")
@click.argument("group")
@pair_options
@click.option("--exact", is_flag=True, help="Give the exact basis and prove it: a certificate.")
@click.option(
    "--save", metavar="F", help="Write the exact basis with all its proof needs to a JSON file (implies --exact)."
)
@click.option(
    "--solver",
    type=click.Choice(tuple(SOLVERS)),
    default="auto",
    show_default=True,
    help="How the constraint is solved.",
)
@json_option
def basis(
    group: str, domain: str, codomain: str, inner: str, exact: bool, save: str | None, solver: str, as_json: bool
) -> None:
    """A basis of the linear maps X from V to W with rho_W(g) X = X rho_V(g) for all g in GROUP.

    "grouprep --help" says how GROUP, V and W are written.

    Examples:
      grouprep basis D4 --in regular --out regular
      grouprep basis "SO(3)" --in "defining^2" --out defining --exact
      grouprep basis "O(1,3)" --in "defining^2" --out trivial --inner euclidean
      grouprep basis square.toml --in natural --out natural --save square.json
    """
    with working(f"Solving for Hom({domain}, {codomain}) of {group}"):
        H = space(group, domain, codomain, inner, solver)
        record = basis_record(H, exact, save)
    from projectors.report.tables import basis_view

    show(record, basis_view, as_json, H.V.group)
    if record["certificate"] and not record["certificate"]["proved"]:
        raise Failure("the certificate leaves claims open", CHECK_FAILED)


@app.command(short_help="A representation as a sum of irreps.")
@click.argument("group")
@click.argument("representation", metavar="V")
@click.option(
    "--field", type=click.Choice(["real", "complex"]), help="What the irreps are irreducible over; by default V's own."
)
@click.option("--exact", is_flag=True, help="Give the change of basis exactly and prove it (finite groups).")
@click.option("--save", metavar="F", help="Write the change of basis U, V(g) U = U blocks(g), to an .npy file.")
@json_option
def decompose(group: str, representation: str, field: str | None, exact: bool, save: str | None, as_json: bool) -> None:
    """The representation V of GROUP as a sum of irreps, with a unitary change of basis.

    "grouprep --help" says how GROUP and V are written.

    Examples:
      grouprep decompose D4 natural
      grouprep decompose "SO(3)" "defining^3"
      grouprep decompose C6 regular --field complex --exact
      grouprep decompose D4 "grid(8,8)" --save basis.npy
    """
    with working(f"Decomposing {representation} of {group}"):
        V = read_group(group).representation(representation, "V")
        record = decomposition_record(V, field, exact, save)
    from projectors.report.tables import decomposition_view

    show(record, decomposition_view, as_json, V.group)


@app.command(short_help="The irreps of a group.")
@click.argument("group")
@click.option(
    "--field", type=click.Choice(["real", "complex"]), default="real", show_default=True, help="Over which numbers."
)
@click.option("--exact", is_flag=True, help="Also the exact matrices of the generators, in the rational form.")
@click.option("--up-to", type=int, metavar="N", help="Infinite groups: the largest frequency, l or spin.  [default: 4]")
@json_option
def irreps(group: str, field: str, exact: bool, up_to: int | None, as_json: bool) -> None:
    """The irreducible representations of GROUP, with dimension, Frobenius-Schur type and indicator.

    "grouprep --help" says how a GROUP is written.

    Examples:
      grouprep irreps D4
      grouprep irreps C7:C3 --field complex --exact
      grouprep irreps "SO(3)" --up-to 2
    """
    with working(f"Finding the irreps of {group}"):
        G = read_group(group).group
        record = irreps_record(G, field, exact, up_to)
    from projectors.report.irreps import irreps_view

    show(record, irreps_view, as_json, G)


@app.command(short_help="How representations split on a subgroup.")
@click.argument("group")
@click.argument("subgroup")
@click.argument("representation", metavar="[V]", required=False)
@click.option(
    "--field",
    type=click.Choice(["real", "complex"]),
    help="Over which numbers; by default V's own, complex for the table.",
)
@click.option("--images", metavar="TEXT", help='Where the generators of SUBGROUP go, "r = (1 2 3 4), s = (2 4)".')
@click.option("--up-to", type=int, metavar="N", help="Infinite groups: the largest frequency, l or spin.  [default: 4]")
@json_option
def branch(
    group: str,
    subgroup: str,
    representation: str | None,
    field: str | None,
    images: str | None,
    up_to: int | None,
    as_json: bool,
) -> None:
    """How the irreps of GROUP, or its representation V, split into irreps of SUBGROUP.

    SUBGROUP is a group that permutes the same points or has matrices of the same size, or, for finite groups, one that lies in
    GROUP in one way up to conjugacy; --images says which one is meant. "grouprep --help" says how groups and V are written.

    Examples:
      grouprep branch D6 D3 --images "r = (1 3 5)(2 4 6), s = (2 6)(3 5)"
      grouprep branch "O(3)" "SO(3)" --up-to 2
      grouprep branch D4 C4 "regular + defining"
    """
    with working(f"Restricting from {group} to {subgroup}"):
        source = read_group(group)
        f = restriction_map(read_group(subgroup).group, source.group, images)
        V = None if representation is None else source.representation(representation, "V")
        record = branch_record(f, V, field, up_to)
    from projectors.report.irreps import branch_view

    show(record, branch_view, as_json)


@app.command(short_help="Prove a saved basis anew, from the file alone.")
@click.argument("file", metavar="F")
@json_option
def verify(file: str, as_json: bool) -> None:
    """Prove a saved basis anew, from the file F alone: that V and W are representations, and every claim.

    Examples:
      grouprep basis D4 --in regular --out regular --save d4.json
      grouprep verify d4.json
    """
    try:
        with working(f"Proving {file}"):
            certificate = certificate_record(verify_file(file))
    except CertificateError as error:
        if as_json:
            print_json({"file": file, "proved": False, "error": str(error), "certificate": None})
        raise
    record = {"file": file, "proved": certificate["proved"], "error": None, "certificate": certificate}

    def view(record: Record) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from projectors.report.tables import certificate_view

        title = f"{certificate['subject']}: dimension {certificate['dim']}"
        return Group(Text(title, style="bold"), certificate_view(record["certificate"]))

    show(record, view, as_json)
    if not record["proved"]:
        raise Failure(f"{file}: the certificate leaves claims open", CHECK_FAILED)


@app.command(short_help="How much of a matrix of weights is equivariant.")
@click.argument("weights")
@click.option("--group", required=True, metavar="GROUP", help="The group.")
@pair_options
@click.option(
    "--norm", type=click.Choice(NORMS), default="frobenius", show_default=True,
    help="The norm of the part.",
)  # fmt: skip
@click.option(
    "--part",
    type=click.Choice(["residual", "equivariant"]),
    default="residual",
    show_default=True,
    help="T - P(T) or P(T).",
)
@click.option("--key", metavar="NAME", help="Which array of a .npz or .safetensors file.")
@click.option(
    "--per-irrep", is_flag=True, help="Also the norms between each pair of irreps: which ones break the symmetry."
)
@json_option
def penalty(
    weights: str,
    group: str,
    domain: str,
    codomain: str,
    inner: str,
    norm: str,
    part: str,
    key: str | None,
    per_irrep: bool,
    as_json: bool,
) -> None:
    """How much of the matrix in WEIGHTS (.npy, .npz, .safetensors) is equivariant from V to W, and how much is not.

    The matrix has dim W rows and dim V columns; an array (out, ...) is flattened to it. Pickled files are refused.
    "grouprep --help" says how GROUP, V and W are written.

    Examples:
      grouprep penalty weights.npy --group D4 --in "grid(8,8)" --out "16*regular"
      grouprep penalty w.npy --group D4 --in regular --out regular --norm nuclear
      grouprep penalty w.npy --group D4 --in regular --out regular --per-irrep
      grouprep penalty net.npz --key fc.bias --group D4 --in trivial --out regular
      grouprep penalty w.safetensors --key w --group C8 --in regular --out trivial
    """
    with working(f"Projecting {weights}"):
        H = space(group, domain, codomain, inner)
        record = penalty_record(weights, key, H, norm, part, per_irrep)
    from projectors.report.tables import penalty_view

    show(record, penalty_view, as_json, H.V.group)


@app.command(short_help="A page with pictures, to look at and pass on.")
@click.argument("subjects", metavar="SUBJECT...", nargs=-1, required=True)
@click.option("--output", metavar="FILE", required=True, help="The HTML file to write.")
@click.option("--group", metavar="GROUP", help="The group, where SUBJECT is a file of weights.")
@click.option("--in", "domain", metavar="V", help="Representation of the inputs.")
@click.option("--out", "codomain", metavar="W", help="Representation of the outputs.")
@click.option(
    "--inner", type=click.Choice(["invariant", "euclidean"]), default="invariant", show_default=True,
    help="Inner product of the projection; euclidean serves groups that are not compact.",
)  # fmt: skip
@click.option("--key", metavar="NAME", help="Which array of a .npz or .safetensors file.")
def report(
    subjects: tuple[str, ...],
    output: str,
    group: str | None,
    domain: str | None,
    codomain: str | None,
    inner: str,
    key: str | None,
) -> None:
    """Write one HTML file about each SUBJECT, which needs no network: pictures, tables, certificates, legible on a phone.

    A SUBJECT is a GROUP: its character table and irreps; with --in and --out the equivariant maps, with basis and proof. Or it is a
    saved basis (.json), which is proved anew; weights (.npy, .npz, .safetensors) with --group, --in and --out; or the audit of a
    model, what pen.report().to_dict() or verify(...).to_dict() give, as JSON.

    Examples:
      grouprep report D4 A5 --output groups.html
      grouprep report D4 --in regular --out "2*regular" --output maps.html
      grouprep report rubik.json --output rubik.html
      grouprep report w.npy --group D4 --in regular --out regular --output w.html
      grouprep report audit.json --output audit.html
    """
    sections = []
    for subject in subjects:
        with working(f"Looking at {subject}"):
            sections.append(report_section(subject, group, domain, codomain, inner, key))
    write_text(output, whole_page(", ".join(heading for heading, _ in sections), sections))
    from projectors.report.tables import Terminal

    Terminal().print(printable(f"Written to {output}"))


def report_section(
    subject: str, group: str | None, domain: str | None, codomain: str | None, inner: str, key: str | None
) -> tuple[str, Html]:
    """What the page says of one subject."""
    suffix = Path(subject).suffix.lower()
    if suffix in WEIGHTS:
        if group is None or domain is None or codomain is None:
            raise GroupRepError(f"{subject} holds weights; say what they map with --group, --in and --out")
        H = space(group, domain, codomain, inner)
        weights = load_weights(subject, key, partial(check_shape, H))
        return weights_section(weights.source, weights.matrix, H, Frobenius())
    if suffix == ".json" and ("format" in (data := read_data_file(subject)) or is_verification(data)):
        if data.get("format") == SAVED_BASIS:
            return saved_section(subject)
        return audit_section(subject, data)
    if domain is None and codomain is None:
        return group_section(read_group(subject).group)
    if domain is None or codomain is None:
        raise GroupRepError("--in and --out go together: the maps lead from one to the other")
    return basis_section(space(subject, domain, codomain, inner))


@app.command(short_help="The Rubik's cube, the Lorentz group, a network.")
@click.option(
    "--output",
    metavar="DIR",
    default="grouprep-demo",
    show_default=True,
    help="The folder for pictures and the saved basis.",
)
@json_option
def demo(output: str, as_json: bool) -> None:
    """The Rubik's cube group, the Lorentz group and a network trained on digits, in half a minute at most.

    Examples:
      grouprep demo
      grouprep demo --output pictures
    """
    if as_json:
        with working("Computing"):
            record = demo_record(output)
        print_json(record)
        return
    from projectors.report.tables import Terminal

    print_demo(Terminal(), output)


@app.command(short_help="What the JSON of a command holds.")
@click.argument("command", metavar="COMMAND", type=click.Choice(SCHEMAS))
def schema(command: str) -> None:
    """The JSON Schema of what COMMAND prints with --json. Its version rises when a key changes its meaning or goes.

    Examples:
      grouprep schema basis
    """
    print(json.dumps(read_schema(command), indent=2))
