"""The matrix norms, gathered: see `base` for the interface, `entrywise` and `singular` for the norms."""

from projectors.penalties.base import Norm, State
from projectors.penalties.entrywise import Entrywise, Frobenius, Induced, Mixed
from projectors.penalties.singular import KyFan, Nuclear, Schatten, Spectral

__all__ = [
    "Entrywise",
    "Frobenius",
    "Induced",
    "KyFan",
    "Mixed",
    "Norm",
    "Nuclear",
    "Schatten",
    "Spectral",
    "State",
]
