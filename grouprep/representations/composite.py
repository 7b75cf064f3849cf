"""Direct sums with multiplicities, tensor products, duals and conjugates."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, reduce
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from grouprep.groups.base import Generator, Group
from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import common_domain
from grouprep.linalg.sparse import add_exact
from grouprep.representations.arguments import same_group
from grouprep.representations.base import Representation
from grouprep.representations.cards import representation_card
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Domain

    from grouprep.characters import ClassPoint, ClassValue

__all__ = ["Composite", "Conjugate", "DirectSum", "Dual", "Tensor"]


class Composite(Representation):
    """A representation made from others; a subclass says how matrices of group and of Lie algebra elements combine."""

    parts: tuple[Representation, ...]
    _keeps_unitarity = True

    @abstractmethod
    def _combine(self, values: list[Image]) -> Image:
        """rho(g) from the parts' matrices at g."""

    @abstractmethod
    def _derive(self, values: list[Image]) -> Image:
        """The differential from the parts' differentials."""

    @property
    def group(self) -> Group:
        return self.parts[0].group

    def image(self, generator: Generator) -> Image:
        return self._at(generator, [V.images[generator] for V in self.parts])

    def float_image(self, generator: Generator) -> Array | Monomial:
        value = self._at(generator, [V.float_image(generator) for V in self.parts])
        return value if isinstance(value, Monomial) else mat.as_float(value)

    def _at(self, generator: Generator, values: list[Image]) -> Image:
        return self._combine(values) if generator.kind == "element" else self._derive(values)

    def evaluate(self, g: Element) -> Array:
        return np.asarray(self._combine([V.evaluate(g) for V in self.parts]))

    def exact_image(self, g: Element) -> Image:
        return self._combine([V.exact_image(g) for V in self.parts])

    def _form(self) -> Image | None:
        forms = [V.gram if V.gram is not None else V.invariant_form for V in self.parts]
        known = [f for f in forms if f is not None]
        return self._combine_forms(known) if len(known) == len(forms) else None

    def _combine_forms(self, forms: list[Image]) -> Image:
        return self._combine(forms)

    @cached_property
    def domain(self) -> Domain | None:
        """A domain that holds the entries, found from the parts without building the matrices."""
        domains = [V.domain for V in self.parts]
        return None if any(d is None for d in domains) else common_domain(*domains)

    @cached_property
    def field(self) -> str:
        """Either "real", if the generators' matrices are real, else "complex"; decided by the parts where that is possible."""
        if all(V.field == "real" for V in self.parts):
            return "real"
        return "complex" if isinstance(self, DirectSum) else super().field

    @cached_property
    def invariant_form(self) -> Image | None:
        """The identity if all parts are unitary (powers in monomials do not keep that), else the parts' forms combined."""
        if self._keeps_unitarity and all(V.is_unitary for V in self.parts):
            return Monomial.identity(self.dim)
        return super().invariant_form

    def _key(self) -> tuple[object, ...]:
        return self.parts


class DirectSum(Composite):
    """n_1 V_1 + n_2 V_2 + ...; each n V is copy-major, kron(I_n, V)."""

    def __init__(self, counts: Sequence[int], parts: Sequence[Representation]) -> None:
        same_group(parts, "a direct sum")
        self.counts, self.parts = tuple(counts), tuple(parts)

    @cached_property
    def dim(self) -> int:
        return sum(n * V.dim for n, V in zip(self.counts, self.parts, strict=True))

    def _combine(self, values: list[Image]) -> Image:
        blocks = [mat.kron(Monomial.identity(n), x) if n > 1 else x for n, x in zip(self.counts, values, strict=True)]
        return reduce(mat.direct_sum, blocks)

    _derive = _combine

    def rational(self) -> tuple[Representation, Array]:
        inner = [V.rational() for V in self.parts]
        if all(R is V for V, (R, _) in zip(self.parts, inner, strict=True)):
            return self, np.eye(self.dim)
        return DirectSum(self.counts, [R for R, _ in inner]), np.asarray(self._combine([S for _, S in inner]))

    def rational_squares(self) -> tuple[Fraction, ...] | None:
        inner = [V.rational_squares() for V in self.parts]
        known = [q for q in inner if q is not None]
        if len(known) < len(inner):
            return None
        return tuple(q for n, squares in zip(self.counts, known, strict=True) for q in squares * n)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return sum((V.character_at(point, k) * n for n, V in zip(self.counts, self.parts, strict=True)), 0)

    def _key(self) -> tuple[object, ...]:
        return self.counts, self.parts

    def __str__(self) -> str:
        return " + ".join(
            (f"{n} * ({V})" if isinstance(V, DirectSum) else f"{n} * {V}") if n > 1 else str(V)
            for n, V in zip(self.counts, self.parts, strict=True)
        )

    def _repr_html_(self) -> str:
        return representation_card(self, list(zip(self.counts, self.parts, strict=True)))


def direct_sum_of(terms: Sequence[tuple[int, Representation]]) -> Representation:
    """The direct sum of n copies of each V; single copies of sums are flattened."""
    counts: list[int] = []
    parts: list[Representation] = []
    for n, V in terms:
        nested = isinstance(V, DirectSum) and (n == 1 or len(V.parts) == 1)
        inner = zip(V.counts, V.parts, strict=True) if nested else [(1, V)]  # type: ignore[attr-defined]
        for m, W in inner:
            if parts and parts[-1] is not None and parts[-1] == W:
                counts[-1] += n * m
            else:
                counts.append(n * m)
                parts.append(W)
    if counts == [1]:
        return parts[0]
    return DirectSum(counts, parts)


class Tensor(Composite):
    """V_1 * V_2 * ..., kron of the factors' matrices, the last index fastest."""

    def __init__(self, parts: Sequence[Representation]) -> None:
        same_group(parts, "a tensor product")
        self.parts = tuple(parts)

    @cached_property
    def dim(self) -> int:
        return prod(V.dim for V in self.parts)

    def _combine(self, values: list[Image]) -> Image:
        return reduce(mat.kron, values)

    def _derive(self, values: list[Image]) -> Image:
        total, n = values[0], self.parts[0].dim
        for x, V in zip(values[1:], self.parts[1:], strict=True):
            total = _add(mat.kron(total, Monomial.identity(V.dim)), mat.kron(Monomial.identity(n), x))
            n *= V.dim
        return total

    def rational(self) -> tuple[Representation, Array]:
        inner = [V.rational() for V in self.parts]
        if all(R is V for V, (R, _) in zip(self.parts, inner, strict=True)):
            return self, np.eye(self.dim)
        return tensor_of([R for R, _ in inner]), reduce(np.kron, [S for _, S in inner])

    def rational_squares(self) -> tuple[Fraction, ...] | None:
        inner = [V.rational_squares() for V in self.parts]
        known = [q for q in inner if q is not None]
        if len(known) < len(inner):
            return None
        return reduce(lambda left, right: tuple(p * q for p in left for q in right), known)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        values = {V: V.character_at(point, k) for V in dict.fromkeys(self.parts)}
        return reduce(lambda x, y: x * y, [values[V] for V in self.parts])

    def __str__(self) -> str:
        if len(set(self.parts)) == 1:
            return f"{_factor(self.parts[0])}^{len(self.parts)}"
        return " * ".join(map(_factor, self.parts))


def _factor(V: Representation) -> str:
    return f"({V})" if isinstance(V, DirectSum | Tensor) else str(V)


def _add(a: Image, b: Image) -> Image:
    if mat.is_exact(a) and mat.is_exact(b):
        return add_exact(as_exact(a), as_exact(b))
    return mat.as_float(a) + mat.as_float(b)


def tensor_of(factors: Sequence[Representation]) -> Representation:
    """The tensor product; factors that are tensor products are flattened."""
    flat = [W for V in factors for W in (V.parts if isinstance(V, Tensor) else (V,))]
    return flat[0] if len(flat) == 1 else Tensor(flat)


class Dual(Composite):
    """The dual of a representation: rho(g^-1)^T, and minus the transpose on the Lie algebra."""

    def __init__(self, V: Representation) -> None:
        self.parts = (V,)

    @property
    def dim(self) -> int:
        return self.parts[0].dim

    def float_image(self, generator: Generator) -> Array | Monomial:
        return Representation.float_image(self, generator)  # an exact inverse, rounded, loses nothing to conditioning

    def _combine(self, values: list[Image]) -> Image:
        return mat.transpose(mat.inverse(values[0]))

    def _derive(self, values: list[Image]) -> Image:
        return -mat.transpose(values[0])  # type: ignore[operator]

    @cached_property
    def domain(self) -> Domain | None:
        """The field of the inverses' entries."""
        inner = self.parts[0].domain
        return None if inner is None else inner.get_field()

    def _combine_forms(self, forms: list[Image]) -> Image:
        return mat.conjugate(mat.inverse(forms[0]))

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.parts[0].character_at(point, k).conjugate()

    def __str__(self) -> str:
        return f"dual({self.parts[0]})"


class Conjugate(Composite):
    """The complex conjugate of a representation."""

    def __init__(self, V: Representation) -> None:
        self.parts = (V,)

    @property
    def dim(self) -> int:
        return self.parts[0].dim

    def _combine(self, values: list[Image]) -> Image:
        return mat.conjugate(values[0])

    _derive = _combine

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.parts[0].character_at(point, k).conjugate()

    def __str__(self) -> str:
        return f"conj({self.parts[0]})"


def dual_of(V: Representation) -> Representation:
    """The dual, carried to the leaves of sums and products; the conjugate for unitary V."""
    if isinstance(V, DirectSum):
        return DirectSum(V.counts, [W.dual for W in V.parts])
    if isinstance(V, Tensor):
        return Tensor([W.dual for W in V.parts])
    if isinstance(V, Dual):
        return V.parts[0]
    if V.is_unitary:
        return conjugate_of(V)
    return Dual(V)


def conjugate_of(V: Representation) -> Representation:
    """The conjugate, carried to the leaves; V itself where it is real."""
    if V.field == "real":
        return V
    if isinstance(V, DirectSum):
        return DirectSum(V.counts, [W.conjugate for W in V.parts])
    if isinstance(V, Tensor):
        return Tensor([W.conjugate for W in V.parts])
    return V.parts[0] if isinstance(V, Conjugate) else Conjugate(V)
