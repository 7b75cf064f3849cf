"""The shipped families of groups: a file each with all that is known of the family, registered when it is imported."""

from importlib import import_module
from typing import TYPE_CHECKING

from grouprep.families.alternating import Alternating
from grouprep.families.cyclic import Cyclic
from grouprep.families.dicyclic import Dicyclic
from grouprep.families.dihedral import Dihedral
from grouprep.families.exceptional import G2
from grouprep.families.heisenberg import Heisenberg
from grouprep.families.lorentz import Lorentz
from grouprep.families.orthogonal import O
from grouprep.families.quaternion import Quaternion
from grouprep.families.semidirect import Metacyclic
from grouprep.families.special_linear import SL2C
from grouprep.families.special_orthogonal import SO
from grouprep.families.special_unitary import SU
from grouprep.families.symmetric import Symmetric, specht_module
from grouprep.families.symplectic import Sp
from grouprep.families.symplectic_real import SpReal
from grouprep.families.torus import Torus
from grouprep.families.unitary import U
from grouprep.families.wreath import GeneralizedSymmetric

# isort: split
import grouprep.families.point_group  # noqa: F401 - last, and so asked first of the irreps of its groups

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup

__all__ = [
    "G2",
    "SL2C",
    "SO",
    "SU",
    "Alternating",
    "Cyclic",
    "Dicyclic",
    "Dihedral",
    "GeneralizedSymmetric",
    "Heisenberg",
    "Lorentz",
    "Metacyclic",
    "O",
    "PointGroup",
    "Quaternion",
    "Sp",
    "SpReal",
    "Symmetric",
    "Torus",
    "U",
    "specht_module",
]


def __getattr__(name: str) -> object:
    if name != "PointGroup":  # which is loaded when it is first asked for
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("grouprep.point_groups.group").PointGroup
