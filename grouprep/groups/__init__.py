"""Groups: finite ones as permutations, Lie groups by their algebra, products and homomorphisms."""

from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.lie import LieGroup

__all__ = ["FiniteGroup", "Generator", "Group", "Homomorphism", "LieGroup"]
