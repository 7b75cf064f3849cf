"""Equivariant linear maps: exact bases of Hom_G(V, W), orthogonal projectors, certificates and penalties."""

from projectors.basis import Basis, ExactBasis
from projectors.certificate import Certificate
from projectors.hom import Hom, commutant
from projectors.isotypic import Decomposition, decompose

__all__ = ["Basis", "Certificate", "Decomposition", "ExactBasis", "Hom", "commutant", "decompose"]
