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

    copyreg.pickle(AlgebraicField, _reduce_field)  # type: ignore[arg-type]


def _reduce_field(field: Any) -> tuple[Any, tuple[Any, ...]]:
    return _build_field, (field.ext, field.alias)


def _build_field(ext: Any, alias: Any) -> Any:
    from sympy import QQ

    return QQ.algebraic_field(ext, alias=alias)
