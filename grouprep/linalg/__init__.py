"""Linear algebra on plain matrices, exact and float; it knows no groups."""

from grouprep.linalg.intertwiners import intertwiners
from grouprep.linalg.matrices import Image, as_exact, as_float, as_image
from grouprep.linalg.monomial import Monomial

__all__ = ["Image", "Monomial", "as_exact", "as_float", "as_image", "intertwiners"]
