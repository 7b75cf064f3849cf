"""Freeze what escnn computes, for tests that run without it: representations, their intertwiners and filters of convolutions.

    python tests/oracles/make_escnn.py     # in an environment of its own, with escnn 1.0.11: see docs/guide/neighbours-learning.md

Writes tests/oracles/escnn.json.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from escnn import nn  # noqa: E402

# space, fields of the input, fields of the output, kernel size
CASES = [
    ("rot2dOnR2(4)", ["trivial", "regular"], ["regular", "irrep(1)"], 1),
    ("rot2dOnR2(4)", ["trivial", "irrep(1)"], ["regular"], 3),
    ("rot2dOnR2(8)", ["regular", "irrep(3)"], ["irrep(1)", "regular"], 1),
    ("rot2dOnR2(3)", ["regular"], ["irrep(1)", "trivial"], 1),
    ("trivialOnR2()", ["trivial"], ["trivial", "trivial"], 3),
    ("flip2dOnR2()", ["regular", "irrep(1)"], ["regular"], 3),
    ("flip2dOnR2(axis=0.0)", ["regular"], ["trivial"], 3),
    ("flipRot2dOnR2(4)", ["trivial", "irrep(1, 1)"], ["regular"], 3),
    ("flipRot2dOnR2(4, axis=0.0)", ["irrep(1, 2)", "irrep(0, 2)"], ["irrep(1, 1)"], 3),
    ("flipRot2dOnR2(4)", ["regular", "quotient(0, 2)"], ["irrep(1, 1)", "irrep(1, 0)"], 1),
    ("flipRot2dOnR2(6)", ["irrep(1, 1)", "irrep(1, 2)"], ["regular"], 1),
    ("rot2dOnR2(-1)", ["irrep(2)", "trivial"], ["irrep(2)", "irrep(1)"], 1),
    ("flipRot2dOnR2(-1)", ["irrep(1, 2)", "irrep(1, 0)"], ["irrep(1, 2)", "tensor"], 1),
]


def field(space, name):
    if name == "trivial":
        return space.trivial_repr
    if name == "regular":
        return space.regular_repr
    if name == "tensor":
        return space.irrep(1, 1).tensor(space.irrep(1, 1))
    arguments = eval(name.removeprefix("irrep").removeprefix("quotient").replace(")", ",)"))
    return space.irrep(*arguments) if name.startswith("irrep") else space.quotient_repr(arguments)


def rounded(x, digits=15):
    return [[float(f"{v:.{digits}g}") if abs(v) > 1e-12 else 0.0 for v in row] for row in np.asarray(x, float).tolist()]


def elements(space):
    G, kind = space.fibergroup, type(space.fibergroup).__name__
    if kind == "CyclicGroup":
        return [g.value for g in G.elements]
    if kind == "DihedralGroup":
        return [g.value for g in G.elements]
    return [0.3, 2.0] if kind == "SO2" else [(1, np.pi), (0, 0.3), (1, 2.0)]


def case(text, into, out, size):
    space = eval(f"gspaces.{text}")
    G = space.fibergroup
    values = elements(space)
    ends = [nn.FieldType(space, [field(space, name) for name in names]) for names in (into, out)]
    torch.manual_seed(0)
    conv = nn.R2Conv(*ends, size, bias=False)
    filters = []
    for k in range(conv.weights.numel()):
        conv.weights.data = torch.eye(conv.weights.numel())[k]
        filters.append(conv.expand_parameters()[0].detach().numpy().reshape(ends[1].size, -1).reshape(-1))
    fields = {
        name: {
            "size": V.size,
            "irreps": [list(key) for key in V.irreps],
            "change_of_basis": rounded(V.change_of_basis),
            "at": [rounded(V(G.element(g))) for g in values],
        }
        for names, end in zip((into, out), ends, strict=True)
        for name, V in zip(names, end.representations, strict=True)
    }
    return {
        "space": text,
        "group": [type(G).__name__, int(G.order())],
        "elements": [list(g) if isinstance(g, tuple) else g for g in values],
        "plane": [rounded(space.basespace_action(G.element(g))) for g in values],
        "in": into,
        "out": out,
        "size": size,
        "fields": fields,
        "filters": rounded(filters, 7),
    }


if __name__ == "__main__":
    found = {"escnn": version("escnn"), "cases": [case(*c) for c in CASES]}
    path = Path(__file__).with_name("escnn.json")
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
