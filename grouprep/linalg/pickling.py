"""Pickling and deep-copying of objects that hold number fields.

sympy's AlgebraicField keeps a closure once it has converted an element, and closures do not pickle. Objects of this project are
`Picklable`: before they are reduced, a reducer for AlgebraicField is registered that rebuilds the field from its generator.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__all__ = ["Picklable"]


class Picklable:
    """Base of classes whose instances hold exact matrices."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        _register()
        return super().__reduce_ex__(protocol)


@lru_cache(maxsize=1)
def _register() -> None:
    import copyreg

    from sympy.polys.domains.algebraicfield import AlgebraicField

    copyreg.pickle(AlgebraicField, _reduce_field)


def _reduce_field(field: Any) -> tuple[Any, tuple[Any, ...]]:
    from grouprep.linalg._cyclotomic import kind

    name, n = kind(field)
    return _build_field, (name, n, field.ext if name == "other" else None)


def _build_field(name: str, n: int, ext: Any) -> Any:
    """The field of a kind, the very one that the functions of `fields` give; fields of no kind from their generator."""
    from sympy import QQ

    from grouprep.linalg.fields import cyclotomic_field, quadratic_field, real_cyclotomic_field

    makers = {"zeta": cyclotomic_field, "cos": real_cyclotomic_field, "sqrt": quadratic_field}
    return makers[name](n) if name in makers else QQ.algebraic_field(ext)
