"""escnn's spaces and fields as ours: the same matrices, the same intertwiners, filters of its convolutions in our spaces.

What escnn 1.0.11 computes is frozen by tests/oracles/make_escnn.py; with escnn installed the same is asked of itself.
"""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cases import cases

from grouprep import Cyclic, Dihedral, GroupRepError, Representation
from grouprep.errors import DimensionMismatch, UnsupportedGroup
from grouprep.interop.escnn import grid_from_escnn, group_from_escnn, representation_from_escnn
from projectors import Hom

FROZEN = json.loads((Path(__file__).parents[2] / "oracles" / "escnn.json").read_text(encoding="utf-8"))["cases"]
SINGLE = float(np.finfo(np.float32).eps)  # escnn's filters are in single precision


class Recorded:
    """A representation of escnn that answers what was recorded."""

    def __init__(self, group, elements, at, size=None, irreps=(), change_of_basis=None):
        self.group, self.elements, self.at, self.size = group, elements, at, size
        self.irreps = [tuple(key) for key in irreps]
        self.change_of_basis = np.array(change_of_basis)

    def __call__(self, g):
        return np.array(self.at[self.elements.index(g)])


def recorded(case):
    """The space, and the field types of the input and the output."""
    kind, order = case["group"]
    methods = {"order": lambda self: order, "element": lambda self, value: value}
    group = type(kind, (), methods)()
    elements = [tuple(g) if isinstance(g, list) else g for g in case["elements"]]
    space = SimpleNamespace(fibergroup=group, basespace_action=Recorded(group, elements, case["plane"]))
    fields = {name: Recorded(group, elements, **field) for name, field in case["fields"].items()}
    ends = [SimpleNamespace(representations=tuple(fields[name] for name in case[end])) for end in ("in", "out")]
    return space, elements, ends


def element(G, g):
    """Our element for one of escnn's: a reflection, if there is one, and then a turn."""
    reflected, turn = g if isinstance(g, tuple) else (0, g)
    if not G.is_finite:
        c, s = np.cos(turn), np.sin(turn)
        return np.array([[c, -s], [s, c]]) @ np.diag([1, -1 if reflected else 1])
    r, *s = G.generators
    out = G.identity()
    for factor in [r] * turn + s * reflected:
        out = G.multiply(out, factor)
    return out


@cases("number", range(len(FROZEN)))
def test_fields_intertwiners_and_filters(number):
    case = FROZEN[number]
    space, elements, ends = recorded(case)
    V, W = map(representation_from_escnn, ends)
    G = group_from_escnn(space)
    assert V.group == W.group == G
    assert G.order == (np.inf if case["group"][1] < 0 else case["group"][1])
    assert V.domain is not None
    assert W.domain is not None
    for U, end in ((V, "in"), (W, "out")):
        for k, g in enumerate(elements):
            blocks = [np.array(case["fields"][name]["at"][k]) for name in case[end]]
            at = 0
            theirs = np.zeros((U.dim, U.dim))
            for b in blocks:
                theirs[at : at + len(b), at : at + len(b)] = b
                at += len(b)
            assert np.abs(U(element(G, g)) - theirs).max() <= 32 * U.dim * np.finfo(float).eps
    if case["size"] > 1:
        V = V * grid_from_escnn(space, (case["size"], case["size"]))
    H = Hom(V, W)
    filters = np.array(case["filters"]).reshape(-1, *H.shape)
    norms = np.linalg.norm(filters, axis=(1, 2))
    assert norms.min() > 0.1
    assert (np.linalg.norm(H.residual(filters), axis=(1, 2)) <= 64 * SINGLE * norms).all()
    rank = np.linalg.matrix_rank(filters.reshape(len(filters), -1), tol=1e-4)
    assert rank == len(filters)
    assert len(filters) == H.dim if case["size"] == 1 else 0 < len(filters) <= H.dim


def test_what_is_ours_is_found():
    refusals()
    by_space = {case["space"]: case for case in FROZEN}  # the last of each
    _, _, (V, W) = recorded(by_space["flipRot2dOnR2(4)"])
    G = Dihedral(4)
    assert representation_from_escnn(W) == G.irrep("E1") + G.irrep("A2")
    assert representation_from_escnn(V.representations[0]).multiplicities() == G.regular().multiplicities()
    _, _, (V, W) = recorded(by_space["rot2dOnR2(8)"])
    assert representation_from_escnn(V) == Cyclic(8).regular() + Cyclic(8).irrep("E3")
    space, _, _ = recorded(by_space["flip2dOnR2()"])
    assert group_from_escnn(space) == Cyclic(2)
    grid = grid_from_escnn(space, (2, 3))  # the axis of flip2dOnR2() is y: columns change places
    assert np.array_equal(grid(Cyclic(2).generators[0]).argmax(0), [2, 1, 0, 5, 4, 3])


def refusals():
    space, _, (V, _) = recorded(FROZEN[2])  # C8
    with pytest.raises(UnsupportedGroup, match="quarter turns"):
        grid_from_escnn(space, (3, 3))
    space, _, _ = recorded(FROZEN[0])
    with pytest.raises(DimensionMismatch, match="3 x 2"):
        grid_from_escnn(space, (2, 3))
    with pytest.raises(DimensionMismatch, match="height, width"):
        grid_from_escnn(space, (3,))
    with pytest.raises(UnsupportedGroup, match="none of escnn's groups of the plane"):
        group_from_escnn(type("Icosahedral", (), {"order": lambda self: 60})())
    for wrong in (3, space, Representation):
        with pytest.raises(GroupRepError):
            representation_from_escnn(wrong)
    field = V.representations[0]
    field.at = [[[x * 1.2345 for x in row] for row in m] for m in field.at]
    with pytest.raises(GroupRepError, match="has the entry"):
        representation_from_escnn(field)


def test_escnn_itself():
    gspaces = pytest.importorskip(
        "escnn.gspaces", reason="escnn has an environment of its own, docs/guide/neighbours-learning.md"
    )
    from escnn import nn

    path = Path(__file__).parents[2] / "oracles" / "make_escnn.py"
    spec = importlib.util.spec_from_file_location("make_escnn", path)
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    for case in FROZEN:
        space = eval(f"gspaces.{case['space']}", {"gspaces": gspaces})
        _, _, ends = recorded(case)
        for names, end in zip((case["in"], case["out"]), ends, strict=True):
            ours = representation_from_escnn(nn.FieldType(space, [make.field(space, name) for name in names]))
            assert ours == representation_from_escnn(end)
