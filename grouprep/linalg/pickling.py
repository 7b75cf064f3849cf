"""Values: objects that are equal by what they are, and that pickle although they hold number fields.

sympy's AlgebraicField keeps a closure once it has converted an element, and closures do not pickle. Objects of this project are
`Picklable`: before they are reduced, a reducer for AlgebraicField is registered that rebuilds the field from its generator.
"""

from __future__ import annotations

import copyreg
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, SupportsIndex

from grouprep.linalg._cyclotomic import kind
from grouprep.linalg.fields import cyclotomic_field, quadratic_field, real_cyclotomic_field
from grouprep.summary import Summary

if TYPE_CHECKING:
    from sympy import Expr
    from sympy.polys.domains.algebraicfield import AlgebraicField

__all__ = ["Picklable", "Value"]


class Picklable(Summary):
    """Base of classes whose instances hold exact matrices."""

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[object, ...]:
        _register()
        return super().__reduce_ex__(protocol)


class Value(Picklable, ABC):
    """Base of immutable objects that are equal where their class and `key` are; a subclass gives key."""

    @abstractmethod
    def key(self) -> tuple[object, ...]:
        """What makes the object equal to another one of its class; hashable."""

    @cached_property
    def _hash(self) -> int:
        return hash((type(self).__name__, self.key()))

    def __getstate__(self) -> dict[str, object]:
        """Without the hash, which differs from process to process."""
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Value) or type(self) is not type(other):
            return NotImplemented
        return self._hash == other._hash and self.key() == other.key()

    def __hash__(self) -> int:
        return self._hash


@lru_cache(maxsize=1)
def _register() -> None:
    from sympy.polys.domains.algebraicfield import AlgebraicField

    copyreg.pickle(AlgebraicField, _reduce_field)


def _reduce_field(
    field: AlgebraicField,
) -> tuple[Callable[[str, int, Expr | None], AlgebraicField], tuple[object, ...]]:
    name, n = kind(field)
    return _build_field, (name, n, field.ext if name == "other" else None)


def _build_field(name: str, n: int, ext: Expr | None) -> AlgebraicField:
    """The field of a kind, the very one that the functions of `fields` give; fields of no kind from their generator."""
    from sympy import QQ

    makers = {"zeta": cyclotomic_field, "cos": real_cyclotomic_field, "sqrt": quadratic_field}
    return makers[name](n) if name in makers else QQ.algebraic_field(ext)
