"""Matrices that are nearly a representation: a true one with a false character beside it, hidden by an ill-conditioned change of basis.

The false character is judged by itself, in integers: it is one if and only if it respects the group's products, or its closed paths.
"""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine import HELD, REFUSED, SKIPPED, Subject
from groups import build_group, build_representation, dim_of, group_cases, order_of, tree_cases
from hypothesis import strategies as st
from plain import closure, compose, unimodular

__all__ = ["SUBJECTS"]

Data = Any

_ENTRY = st.one_of(st.integers(-3, 3), st.sampled_from([10**3, -(10**6), 10**9, 10**12]))
_STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), _ENTRY).map(list), max_size=4)
_FINITE = st.fixed_dictionaries({
    "group": group_cases, "V": tree_cases(0), "modulus": st.sampled_from([1, 2, 2, 3, 4, 6]),
    "phases": st.lists(st.integers(0, 5), min_size=3, max_size=3),
    "steps": _STEPS, "file": st.booleans(),
})  # fmt: skip
_WEIGHT = st.sampled_from(["0", "1", "-1", "2", "3", "1/2", "1/3", "1000000000", "1000000001/1000000000"])
_TORUS = st.fixed_dictionaries({
    "circles": st.integers(1, 3), "turn": st.tuples(st.integers(1, 12), st.integers(0, 11)).map(list),
    "true": st.lists(st.integers(-2, 2), min_size=3, max_size=3), "weights": st.lists(_WEIGHT, min_size=3, max_size=3),
    "phase": st.integers(0, 11), "moved": st.booleans(), "steps": _STEPS, "file": st.booleans(),
})  # fmt: skip


def check_finite(case: Data) -> str:
    """V + chi on a finite group; chi(generator k) is a root of unity."""
    import sympy

    if order_of(case["group"]) > 48:
        return SKIPPED
    G = build_group(case["group"])
    leaves = {"trivial": 1, "defining": G.defining().dim, "natural": G.degree, "regular": int(G.order)}
    if dim_of(case["V"], leaves) > 4 or len(G.generators) > 3:
        return SKIPPED
    V, m = build_representation(G, case["V"]), case["modulus"]
    phases = [p % m for p in case["phases"]]
    pairs = [(tuple(map(int, g)), p) for g, p in zip(G.generators, phases, strict=False)]
    reached = closure(
        pairs, (tuple(range(G.degree)), 0), lambda x, y: (compose(x[0], y[0]), (x[1] + y[1]) % m), lambda x: x
    )
    root = sympy.exp(2 * sympy.pi * sympy.I / m)
    images = [
        _moved(sympy.diag(V.exact(g), root**p), case["steps"]) for g, p in zip(G.generators, phases, strict=False)
    ]
    return _judged(G, images, len(reached) == G.order, case["file"])


def check_torus(case: Data) -> str:
    """Circles A_1, A_2, ... and a rotation h = exp(2 pi (k/n) A_1); A_j -> i w_j, h -> a root of unity beside a true character."""
    import sympy

    from grouprep import LieGroup

    r, (n, k) = case["circles"], case["turn"]
    J = sympy.Matrix([[0, -1], [1, 0]])
    algebra = [sympy.diag(*(J if i == j else sympy.zeros(2, 2) for i in range(r))) for j in range(r)]
    angle = 2 * sympy.pi * sympy.Rational(k, n)
    h = sympy.diag(
        sympy.Matrix([[sympy.cos(angle), -sympy.sin(angle)], [sympy.sin(angle), sympy.cos(angle)]]),
        sympy.eye(2 * r - 2),
    )
    G = LieGroup.from_algebra(algebra, [h] if case["moved"] else [])
    weights = [Fraction(w) for w in case["weights"][:r]]
    right = all(w.denominator == 1 for w in weights)
    if case["moved"]:
        right = right and (weights[0] * k / n - Fraction(case["phase"], 12)).denominator == 1
    S = case["steps"]
    images = [
        _moved(sympy.I * sympy.diag(t, sympy.Rational(w.numerator, w.denominator)), S)
        for t, w in zip(case["true"], weights, strict=False)
    ]
    if case["moved"]:
        phase = [sympy.Rational(case["true"][0] * k, n), sympy.Rational(case["phase"], 12)]
        images.append(_moved(sympy.diag(*(sympy.exp(2 * sympy.pi * sympy.I * p) for p in phase)), S))
    return _judged(G, images, right, case["file"])


def _moved(M: Any, steps: Data) -> Any:
    import sympy

    S, R = unimodular(steps, M.rows)
    return (sympy.Matrix(S) * M * sympy.Matrix(R)).applyfunc(sympy.expand)


def _judged(G: Any, images: list[Any], right: bool, in_file: bool) -> str:
    from grouprep import GroupRepError, NotAHomomorphism, Representation
    from projectors.files import verify

    try:
        if in_file:
            names = [str(a) for a in G.generator_names]
            rows = [[[str(x) for x in row] for row in M.tolist()] for M in images]
            V = {"group": G.to_dict(), "images": {name: {"rows": M} for name, M in zip(names, rows, strict=True)}}
            d = images[0].rows
            W = {"group": G.to_dict(), "images": {a: {"rows": [[0 if str(a).startswith("A") else 1]]} for a in names}}
            data = {"format": "grouprep-basis", "version": 1, "V": V, "W": W, "dim": 0, "shape": [1, d], "basis": []}
            Path("forged.json").write_text(json.dumps(data))
            try:
                assert verify("forged.json").proved is not None
            except GroupRepError as error:
                if isinstance(error, NotAHomomorphism) or "basis has 0 elements" not in str(error):
                    raise
        else:
            Representation(G, images=images)
    except NotAHomomorphism:
        assert not right, "a true representation is refused"
        return REFUSED
    except GroupRepError:
        return REFUSED  # said to be open, or too large
    assert right, "no representation, and accepted as one"
    return HELD


SUBJECTS = [
    Subject("forgeries", "false representations of finite groups", _FINITE, check_finite),
    Subject("tori", "false representations of tori", _TORUS, check_torus),
]
