"""The shipped families of groups: a file each with all that is known of the family, registered when it is imported."""

from grouprep.families.alternating import Alternating
from grouprep.families.cyclic import Cyclic
from grouprep.families.dicyclic import Dicyclic
from grouprep.families.dihedral import Dihedral
from grouprep.families.heisenberg import Heisenberg
from grouprep.families.lorentz import Lorentz
from grouprep.families.orthogonal import O
from grouprep.families.quaternion import Quaternion
from grouprep.families.semidirect import Metacyclic
from grouprep.families.special_orthogonal import SO
from grouprep.families.special_unitary import SU
from grouprep.families.symmetric import Symmetric, specht_module
from grouprep.families.symplectic import Sp
from grouprep.families.symplectic_real import SpReal
from grouprep.families.unitary import U
from grouprep.families.wreath import GeneralizedSymmetric

__all__ = [
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
    "Quaternion",
    "Sp",
    "SpReal",
    "Symmetric",
    "U",
    "specht_module",
]
