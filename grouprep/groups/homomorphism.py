"""Homomorphisms between groups, checked: inclusions, projections, and maps given by images of generators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grouprep.errors import DimensionMismatch, NotAHomomorphism, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.groups.permutations import as_permutation
from grouprep.groups.product import FiniteProduct, ProductGroup
from grouprep.linalg import Monomial

if TYPE_CHECKING:
    from grouprep.representations import Representation

__all__ = ["Homomorphism"]


class Homomorphism:
    """A homomorphism f from a source to a target group, checked when it is made.

    Parameters
    ----------
    source, target : the groups.
    images : the images of the source's generators, as a sequence in their order or a mapping by name. For a finite target:
        permutations. For a Lie group as target: exact matrices of its defining size, Lie algebra elements for the generators
        of the source's algebra.

    Raises
    ------
    NotAHomomorphism
        If the images break a relation of the source, or do not lie in the target.

    Examples
    --------
    >>> from grouprep import Cyclic, Dihedral, Homomorphism
    >>> C4, D4 = Cyclic(4), Dihedral(4)
    >>> f = Homomorphism(C4, D4, [D4.generators[0]])
    >>> D4.defining().restrict(f).dim
    2
    """

    def __init__(self, source: Group, target: Group, images: Sequence[Any] | Mapping[str, Any]) -> None:
        from grouprep.representations.images import images_by_generator

        given = images_by_generator(source, images)
        if isinstance(target, FiniteGroup):
            self._init(source, target, *_to_finite(source, target, given))
        elif isinstance(target, LieGroup):
            self._init(source, target, *_to_lie(source, target, given))
        else:
            raise UnsupportedGroup(f"target = {target}: map into the factors instead")

    def _init(
        self, source: Group, target: Group, element: Callable[[Any], Any], algebra: Mapping[Generator, Any], key: Any
    ) -> None:
        self.source, self.target = source, target
        self._element, self._algebra, self._key = element, dict(algebra), key

    @classmethod
    def _make(
        cls, source: Group, target: Group, element: Callable[[Any], Any], algebra: Mapping[Generator, Any], key: Any
    ) -> Homomorphism:
        self = cls.__new__(cls)
        self._init(source, target, element, algebra, key)
        return self

    @classmethod
    def identity(cls, group: Group) -> Homomorphism:
        """The identity map."""
        return cls._make(
            group, group, _Same(), {a: a for a in group.generator_names if a.kind == "algebra"}, "identity"
        )

    @classmethod
    def projection(cls, product: Group, factor: int) -> Homomorphism:
        """The projection of a direct product onto a factor.

        Raises
        ------
        DimensionMismatch
            If there is no such factor.
        """
        count = len(product.factors)
        if not isinstance(factor, int | np.integer) or not -count <= factor < count:
            raise DimensionMismatch(f"factor = {factor!r}: {product} has the factors 0..{count - 1}")
        k = int(factor) % count
        if not isinstance(product, FiniteProduct | ProductGroup):
            return cls.identity(product)
        algebra = {a: a.outside() for a in product.generator_names if a.kind == "algebra" and a.path[0] == k}
        return cls._make(product, product.factors[k], _Part(product, k), algebra, ("projection", k))

    @classmethod
    def inclusion(cls, subgroup: Group, group: Group) -> Homomorphism:
        """The inclusion of a subgroup given by permutations of the same points, or by matrices of the same size.

        Raises
        ------
        NotAHomomorphism
            If a generator of the subgroup does not lie in the group.
        """
        if isinstance(subgroup, FiniteGroup) and isinstance(group, FiniteGroup):
            if subgroup.degree != group.degree:
                raise DimensionMismatch(
                    f"{subgroup} permutes {subgroup.degree} points, {group} permutes {group.degree}"
                )
            return cls(subgroup, group, list(subgroup.generators))
        defining = subgroup.defining()
        return cls(subgroup, group, [defining.image(a) for a in subgroup.generator_names])

    def __call__(self, g: Any) -> Any:
        """The image of an element of the source; leading axes are batch."""
        return self._element(g)

    def exact(self, g: Any) -> Any:
        """The image of one element as `Representation.exact_image` takes it: a permutation, an exact matrix, or a tuple."""
        return self._element.exact(g)  # type: ignore[attr-defined]

    def generator_image(self, generator: Generator) -> Any:
        """Where an element generator of a mixed product is sent, for maps given by images of generators."""
        image = self._element.carrier.image(generator)  # type: ignore[attr-defined]
        return image.perm if self._element.permutes else image  # type: ignore[attr-defined]

    def algebra_image(self, generator: Generator) -> Any:
        """Where the differential sends an algebra generator: a generator of the target, (coefficients, their field), or None for 0."""
        return self._algebra.get(generator)

    def kernel_contains(self, g: Any) -> bool:
        """Whether an element, given as `exact` takes it, is sent to the identity; decided exactly."""
        from grouprep.linalg.matrices import equal

        return equal(self.exact(g), self.target.exact_identity())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Homomorphism):
            return NotImplemented
        return (self.source, self.target, self._key) == (other.source, other.target, other._key)

    def __hash__(self) -> int:
        return hash((self.source, self.target, self._key))

    def __repr__(self) -> str:
        return f"Homomorphism({self.source} -> {self.target})"


class _Same:
    def __call__(self, g: Any) -> Any:
        return g

    exact = __call__


class _Part:
    def __init__(self, product: FiniteProduct | ProductGroup, factor: int) -> None:
        self.product, self.factor = product, factor

    def __call__(self, g: Any) -> Any:
        return self.product.part(g, self.factor)

    exact = __call__


class _Through:
    """Element images through a representation on the target's points or defining space."""

    def __init__(self, carrier: Representation, permutes: bool) -> None:
        self.carrier, self.permutes = carrier, permutes

    def __call__(self, g: Any) -> Any:
        if self.permutes:
            return np.argmax(self.carrier(g), axis=-2)
        return self.carrier(g)

    def exact(self, g: Any) -> Any:
        image = self.carrier.exact_image(g)
        return image.perm if self.permutes and isinstance(image, Monomial) else image


def _to_finite(
    source: Group, target: FiniteGroup, given: Mapping[Generator, Any]
) -> tuple[Any, dict[Generator, Any], Any]:
    from grouprep.representations.images import ImageRepresentation

    perms = {
        a: as_permutation(p, f"images[{a.label!r}]", target.degree) for a, p in given.items() if a.kind == "element"
    }
    for a, p in perms.items():
        if not target.contains(p):
            raise NotAHomomorphism(f"images[{a.label!r}] does not lie in {target}")
    if any(a.kind == "algebra" for a in source.generator_names):
        raise UnsupportedGroup(
            f"a map from {source} to a finite group sends the identity component to 1: project on a factor"
        )
    if [perms[a].tobytes() for a in source.generator_names] == [p.tobytes() for p in getattr(source, "generators", ())]:
        return _Same(), {}, "inclusion"
    carrier = ImageRepresentation(source, {a: Monomial(p) for a, p in perms.items()})
    return _Through(carrier, True), {}, tuple(perms[a].tobytes() for a in source.generator_names)


def _to_lie(source: Group, target: LieGroup, given: Mapping[Generator, Any]) -> tuple[Any, dict[Generator, Any], Any]:
    from grouprep.groups.cartan import coordinates, flatten
    from grouprep.haar import contains
    from grouprep.linalg import as_exact
    from grouprep.linalg.matrices import is_exact, matrix_key
    from grouprep.representations.images import ImageRepresentation

    carrier = ImageRepresentation(source, given)
    if carrier.dim != target.n:
        raise DimensionMismatch(
            f"images are {carrier.dim} x {carrier.dim}, the elements of {target} are {target.n} x {target.n}"
        )
    algebra: dict[Generator, Any] = {}
    basis = [as_exact(a) for a in target.algebra]
    for a in source.generator_names:
        image = carrier.image(a)
        if a.kind == "algebra":
            if not is_exact(image):
                raise UnsupportedGroup(f"images[{a.label!r}] is a float matrix; maps into {target} need exact ones")
            found = coordinates(basis, as_exact(image))
            if found is None:
                raise NotAHomomorphism(f"images[{a.label!r}] does not lie in the Lie algebra of {target}")
            algebra[a] = found, flatten([*basis, as_exact(image)]).domain
        elif not contains(target, image):
            raise NotAHomomorphism(f"images[{a.label!r}] does not lie in {target}")
    return _Through(carrier, False), algebra, tuple(matrix_key(carrier.image(a)) for a in source.generator_names)
