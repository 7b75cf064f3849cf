"""Equivariant linear maps: exact bases of Hom_G(V, W), orthogonal projectors, certificates and penalties."""

from projectors.certify import Certificate
from projectors.decompose import Decomposition, decompose
from projectors.hom import Hom, commutant
from projectors.structure import Basis, ExactBasis

__all__ = ["Basis", "Certificate", "Decomposition", "ExactBasis", "Hom", "commutant", "decompose"]
