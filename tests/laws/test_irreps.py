"""The public laws of irreps over every group whose irreps are known, and over products of them."""

import pytest

from grouprep import SO, SU, Cyclic, Dihedral, FiniteGroup, O, U
from grouprep.testing import IrrepLaws, check_irrep, check_irreps

ROTATION = [2, 0, 4, 1, 5, 3]  # a hexagon with its corners numbered at will: 0 2 4 5 3 1
MIRROR = [0, 2, 1, 4, 3, 5]

GROUPS = {
    **{f"C{n}": (Cyclic(n), None) for n in (1, 2, 3, 5, 8, 12)},
    **{f"D{n}": (Dihedral(n), None) for n in range(1, 9)},
    "SO2": (SO(2), 3),
    "O2": (O(2), 3),
    "U1": (U(1), 3),
    "SO3": (SO(3), 3),
    "O3": (O(3), 2),
    "SU2": (SU(2), 2),
    "D4xC3": (Dihedral(4) * Cyclic(3), None),
    "C3xC4": (Cyclic(3) * Cyclic(4), None),
    "C3xC3": (Cyclic(3) * Cyclic(3), None),
    "SO3xC3": (SO(3) * Cyclic(3), 1),
    "SU2xSU2": (SU(2) * SU(2), 1),
    "D3xSO2": (Dihedral(3) * SO(2), 2),
    "O3xC2": (O(3) * Cyclic(2), 1),
    "SO2xSO2": (SO(2) * SO(2), 1),
    "SU2xU1": (SU(2) * U(1), 1),
    "Users": (FiniteGroup.from_permutations({"s": MIRROR, "r": ROTATION}, name="corners"), None),
}

for _name, (_group, _up_to) in GROUPS.items():
    globals()[f"Test{_name}"] = type(f"Test{_name}", (IrrepLaws,), {"group": _group, "up_to": _up_to})


def test_all_laws_in_one_call():
    check_irreps(Cyclic(3) * Cyclic(2))
    check_irreps(SO(2), up_to=1)


@pytest.mark.parametrize("over", ["real", "complex"])
def test_large_spins(over):
    check_irrep(SO(3).irrep(7, over))
    check_irrep(SU(2).irrep("5/2", over))
