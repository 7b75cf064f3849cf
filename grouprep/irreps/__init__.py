"""Irreducible representations of the groups whose irreps are known, with labels, types and commutants."""

from grouprep.irreps.base import Irrep
from grouprep.irreps.catalogue import irrep, irreps

__all__ = ["Irrep", "irrep", "irreps"]
