"""Groups and their representations, exact and float: the representation layer."""

from importlib import import_module
from typing import TYPE_CHECKING

from grouprep.errors import (
    AmbiguousRank,
    CertificateError,
    DimensionMismatch,
    GroupRepError,
    IllConditioned,
    NotAHomomorphism,
    NotUnitary,
    TooLarge,
    UnsupportedGroup,
)
from grouprep.families import (
    G2,
    SL2C,
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
    Torus,
    U,
    specht_module,
)
from grouprep.groups.base import Group
from grouprep.groups.files import load_group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.isomorphism import find_isomorphism
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, register_family, unregister_family
from grouprep.groups.semidirect import SemidirectProduct, WreathProduct
from grouprep.invariants import molien_coefficients, molien_series
from grouprep.representations.base import Representation

if TYPE_CHECKING:
    from grouprep.irreps.branching import branching_table
    from grouprep.point_groups.group import PointGroup
    from grouprep.point_groups.molecules import Molecule

__all__ = [
    "G2",
    "SL2C",
    "SO",
    "SU",
    "Alternating",
    "AmbiguousRank",
    "CertificateError",
    "Cyclic",
    "Dicyclic",
    "Dihedral",
    "DimensionMismatch",
    "FiniteGroup",
    "Group",
    "GroupFamily",
    "GroupRepError",
    "Heisenberg",
    "Homomorphism",
    "IllConditioned",
    "LieGroup",
    "Lorentz",
    "Molecule",
    "NotAHomomorphism",
    "NotUnitary",
    "O",
    "PointGroup",
    "Quaternion",
    "Representation",
    "SemidirectProduct",
    "Sp",
    "SpReal",
    "Symmetric",
    "TooLarge",
    "Torus",
    "U",
    "UnsupportedGroup",
    "WreathProduct",
    "branching_table",
    "find_isomorphism",
    "load_group",
    "molien_coefficients",
    "molien_series",
    "register_family",
    "specht_module",
    "unregister_family",
]

__version__ = "0.1.0"

_LATER = {  # what only some programs need is loaded when its name is first asked for
    "Molecule": "grouprep.point_groups.molecules",
    "PointGroup": "grouprep.point_groups.group",
    "branching_table": "grouprep.irreps.branching",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LATER[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
