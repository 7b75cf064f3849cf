"""Equivariant linear maps: exact bases of Hom_G(V, W), orthogonal projectors, certificates and penalties."""

import sys

try:
    from projectors.certify import Certificate
    from projectors.decompose import Decomposition, decompose, decompose_exactly, subduce
    from projectors.hom import Hom, commutant
    from projectors.polynomials import InvariantRing, invariant_ring, polynomial_maps
    from projectors.structure import Basis, ExactBasis
except KeyboardInterrupt:
    # The command is not running yet, but it was started (`grouprep`, `python -m projectors`): it ends as `projectors.cli` does.
    if sys.argv[0] == "-m" or sys.argv[0].removesuffix(".exe").endswith("grouprep"):
        raise SystemExit(130) from None
    raise

__all__ = [
    "Basis",
    "Certificate",
    "Decomposition",
    "ExactBasis",
    "Hom",
    "InvariantRing",
    "commutant",
    "decompose",
    "decompose_exactly",
    "invariant_ring",
    "polynomial_maps",
    "subduce",
]
