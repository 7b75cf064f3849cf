"""Selection rules: which transitions an operator drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouprep.errors import GroupRepError, nearest
from grouprep.point_groups.functions import linear_functions, quadratic_functions
from grouprep.point_groups.reduction import Reduction, read_reduction, reduce_values

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup

__all__ = ["OPERATORS", "Transition", "transition"]

OPERATORS = {
    "dipole": "x, y, z",
    "magnetic": "Rx, Ry, Rz",
    "quadrupole": "x^2-y^2, 2z^2-x^2-y^2, xy, xz, yz",
    "raman": "x^2, y^2, z^2, xy, xz, yz",
}
"""The operators that are known by a name, and their components."""


@dataclass(frozen=True)
class Transition:
    """Whether <final| operator |initial> may differ from 0; true as a truth value where it may.

    allowed : whether it may.
    through : the irreps of the operator that make it so.
    components : for operators that are known by a name, its components in these irreps, such as ("z",).
    """

    allowed: bool
    through: Reduction
    components: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        if not self.allowed:
            return "forbidden"
        return f"allowed through {self.through}" + (f" ({', '.join(self.components)})" if self.components else "")


def operator_of(G: PointGroup, operator: object) -> Reduction:
    """The irreps of an operator: one known by name, or a label or sum of irreps."""
    if isinstance(operator, str) and operator.strip().lower() in OPERATORS:
        name = operator.strip().lower()
        if name == "dipole":
            return G.branch(1)
        if name == "magnetic":
            return G.branch(1, parity=1)
        return G.branch(2) + G.branch(0) if name == "raman" else G.branch(2)
    try:
        return read_reduction(G, operator, "operator")
    except GroupRepError as error:
        raise GroupRepError(
            f"{error}; operators by name are {', '.join(OPERATORS)}, {nearest(operator, OPERATORS)}"
        ) from None


def transition(G: PointGroup, initial: object, operator: object, final: object) -> Transition:
    """See `PointGroup.allowed`."""
    start, end = read_reduction(G, initial, "initial"), read_reduction(G, final, "final")
    drives = operator_of(G, operator)
    between = reduce_values(G, start.character.conj() * end.character, "complex")
    through = {}
    for I, n in zip(drives.irreps, drives.values(), strict=True):
        parts = {I.constituent[0].label, I.constituent[0].conjugated.label} if I.over == "real" else {I.label}
        if any(label in between for label in parts):
            through[I.label] = n
    return Transition(bool(through), Reduction(G, through, drives.field), _components(G, operator, through))


def _components(G: PointGroup, operator: object, through: dict[str, int]) -> tuple[str, ...]:
    name = operator.strip().lower() if isinstance(operator, str) else ""
    if name not in OPERATORS:
        return ()
    columns = quadratic_functions(G) if name in ("quadrupole", "raman") else linear_functions(G)
    wanted = [f for label in columns if label in through for group in columns[label] for f in group]
    if name in ("dipole", "magnetic"):
        return tuple(f for f in wanted if (len(f) == 2) == (name == "magnetic"))
    return tuple(wanted)
