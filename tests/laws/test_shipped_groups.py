"""The public laws over every shipped family and over products of them."""

import re

import pytest

from grouprep import (
    SO,
    SU,
    Alternating,
    Cyclic,
    Dicyclic,
    Dihedral,
    Heisenberg,
    Lorentz,
    O,
    Quaternion,
    Sp,
    SpReal,
    Symmetric,
    U,
)
from grouprep.testing import GroupLaws
from projectors.testing import HomLaws

FINITE = ("trivial", "defining", "defining^2", "sym(2, defining)", "2*defining + trivial", "dual(sym(2, defining))")
REGULAR = (*FINITE, "regular", "ext(2, natural)")
LIE = ("trivial", "defining", "defining^2", "sym(2, defining)", "2*defining + trivial")
LARGE = ("defining", "2*defining + trivial", "ext(2, defining)")
PAIRS = (
    ("defining", "defining"),
    ("trivial", "defining^2"),
    ("defining^2", "2*defining + trivial"),
    ("dual(defining)", "sym(2, defining)"),
)

# name: (group, representations, pairs)
GROUPS = {
    "C1": (Cyclic(1), FINITE, PAIRS),
    "C2": (Cyclic(2), (*REGULAR, "grid(3, 4)"), (*PAIRS, ("grid(3, 4)", "regular"))),
    "C5": (Cyclic(5), REGULAR, (*PAIRS, ("regular", "defining"))),
    "C12": (Cyclic(12), ("defining", "regular"), (("regular", "defining"),)),
    "D1": (Dihedral(1), (*FINITE, "regular", "grid(2, 3)"), (*PAIRS, ("regular", "grid(2, 3)"))),
    "D2": (Dihedral(2), (*REGULAR, "grid(2, 3)"), (*PAIRS, ("regular", "grid(2, 3)"))),
    "D3": (Dihedral(3), REGULAR, (*PAIRS, ("regular", "defining + trivial"))),
    "D4": (Dihedral(4), ("defining", "grid(4, 4)", "regular"), (("grid(4, 4)", "3*regular"), ("grid(4, 4)", "defining"))),
    "D5": (Dihedral(5), REGULAR, (*PAIRS, ("natural", "defining"))),
    "D8": (Dihedral(8), ("defining", "natural", "defining^2"), (*PAIRS, ("natural", "natural"))),
    "S1": (Symmetric(1), FINITE, PAIRS),
    "S2": (Symmetric(2), REGULAR, PAIRS),
    "S3": (Symmetric(3), REGULAR, (*PAIRS, ("regular", "natural"))),
    "S4": (Symmetric(4), ("defining", "sym(2, defining)", "ext(2, defining)"), (*PAIRS, ("ext(2, natural)", "natural^2"))),
    "A3": (Alternating(3), REGULAR, PAIRS),
    "A5": (Alternating(5), ("defining", "ext(2, defining)"), (("defining", "ext(2, defining)"), ("defining", "defining^2"))),
    "Q8": (Quaternion(), (*FINITE, "conj(defining)", "regular"), (*PAIRS, ("regular", "defining"), ("conj(defining)", "defining"))),
    "Dic3": (Dicyclic(3), ("defining", "regular"), (("regular", "defining"),)),
    "Heisenberg3": (Heisenberg(3), ("defining",), (("defining", "defining^2"),)),
    "SO2": (SO(2), LIE, PAIRS),
    "SO3": (SO(3), (*LIE, "dual(sym(2, defining))", "ext(2, defining)"), (*PAIRS, ("ext(2, defining)", "defining"))),
    "SO4": (SO(4), LARGE, (("defining", "defining^2"), ("ext(2, defining)", "ext(2, defining)"))),
    "SO5": (SO(5), LARGE, (("defining", "defining"), ("defining^2", "trivial + defining"))),
    "O2": (O(2), (*LIE, "ext(2, defining)"), (*PAIRS, ("ext(2, defining)", "defining^2"))),
    "O3": (O(3), (*LIE, "ext(3, defining)"), (*PAIRS, ("ext(2, defining)", "defining"))),
    "O4": (O(4), LARGE, (("defining", "defining^2"), ("ext(2, defining)", "ext(2, defining)"))),
    "SU2": (SU(2), (*LIE, "conj(defining)", "sym(3, defining)"),
            (*PAIRS, ("conj(defining)", "defining"), ("defining", "sym(3, defining)"))),
    "SU3": (SU(3), LARGE, (("defining", "defining"), ("ext(2, defining)", "dual(defining)"), ("defining", "conj(defining)"))),
    "U1": (U(1), (*LIE, "conj(defining)", "defining^3"), (*PAIRS, ("trivial", "defining*conj(defining)"))),
    "U2": (U(2), (*LIE, "conj(defining)"), (*PAIRS, ("defining*conj(defining)", "trivial + defining"))),
    "Sp1": (Sp(1), (*LIE, "conj(defining)"), (*PAIRS, ("conj(defining)", "defining"))),
    "Sp2": (Sp(2), (*LARGE, "dual(defining)"), (("defining", "dual(defining)"), ("ext(2, defining)", "trivial + defining"))),
    "D3xC2": (Dihedral(3) * Cyclic(2), ("defining", "factor(0, defining) * factor(1, natural)", "regular"),
              (("defining", "defining"), ("regular", "factor(1, natural)"), ("defining^2", "factor(0, defining)"))),
    "Q8xC3": (Quaternion() * Cyclic(3), ("factor(0, defining)", "factor(0, defining) * factor(1, defining)"),
              (("factor(0, defining)", "factor(0, defining) * factor(1, natural)"),)),
    "D4xSO2": (Dihedral(4) * SO(2), ("defining", "factor(0, regular) * factor(1, defining)"),
               (("defining", "defining"), ("factor(0, grid(2, 2)) * factor(1, defining)", "defining"))),
    "S3xU1": (Symmetric(3) * U(1), ("defining", "factor(0, natural) * factor(1, defining)"),
              (("defining", "defining"), ("factor(0, natural) * factor(1, defining)", "2*factor(1, defining)"))),
    "SO3xSU2": (SO(3) * SU(2), ("defining", "factor(0, defining) * factor(1, defining)"),
                (("defining", "defining"), ("defining^2", "trivial"))),
    "U1xO2": (U(1) * O(2), ("defining", "factor(0, defining) * factor(1, defining)"),
              (("defining", "defining"), ("defining^2", "trivial"))),
}  # fmt: skip

for _name, (_group, _representations, _pairs) in GROUPS.items():
    globals()[f"Test{_name}"] = type(
        f"Test{_name}", (GroupLaws,), {"group": _group, "representations": _representations}
    )
    globals()[f"TestHom{_name}"] = type(f"TestHom{_name}", (HomLaws,), {"group": _group, "pairs": _pairs})


class TestLorentz(GroupLaws):
    group = Lorentz()
    representations = ("trivial", "defining", "2*defining + trivial", "ext(2, defining)", "dual(defining)")


class TestHomLorentz(HomLaws):
    group = Lorentz()
    inner = "euclidean"
    pairs = (
        ("defining", "defining"),
        ("dual(defining)", "defining"),
        ("trivial", "defining^2"),
        ("sym(2, defining)", "trivial"),
    )


class TestSpReal(GroupLaws):
    group = SpReal(4)
    representations = ("trivial", "defining", "2*defining + trivial", "ext(2, defining)", "dual(defining)")


class TestHomSpReal(HomLaws):
    group = SpReal(4)
    inner = "euclidean"
    pairs = (
        ("defining", "defining"),
        ("dual(defining)", "defining"),
        ("trivial", "defining^2"),
        ("ext(2, defining)", "trivial"),
    )


class TestHomLorentzWithoutForm(HomLaws):
    """inner="invariant" without a positive form: bases exist, projections raise NotUnitary."""

    group = Lorentz()
    pairs = (("defining", "dual(defining)"), ("trivial + defining", "trivial"))


@pytest.mark.parametrize(
    "family",
    [SO, SU, Alternating, Cyclic, Dicyclic, Dihedral, Heisenberg, Lorentz, O, Quaternion, Sp, SpReal, Symmetric, U],
)
def test_every_family_is_covered(family):
    group = family() if family in (Lorentz, Quaternion) else family(2 if family is SpReal else 3)
    names = [str(G) for G, _, _ in GROUPS.values()] + [str(TestLorentz.group), str(TestSpReal.group)]
    stem = re.sub(r"\d+", r"\\d+", re.escape(str(group)))
    assert any(re.match(stem, name) for name in names)
