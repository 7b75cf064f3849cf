"""Homomorphisms between groups, checked: inclusions, projections, and maps given by images of generators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, NotAHomomorphism, UnsupportedGroup, shown
from grouprep.groups.base import Generator, Group
from grouprep.groups.cards import homomorphism_card
from grouprep.groups.cartan import coordinates
from grouprep.groups.extension import Extension, prepared_images
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.matrices import equal, is_exact, matrix_key
from grouprep.linalg.pickling import Value
from grouprep.typing import Element, Scalar

if TYPE_CHECKING:
    from sympy import Domain

__all__ = ["Homomorphism"]


AlgebraImage: TypeAlias = "Generator | tuple[list[Scalar], Domain]"
_Made: TypeAlias = "tuple[_ElementMap, Mapping[Generator, AlgebraImage], object]"


class Homomorphism(Value):
    """A homomorphism f from a source to a target group, checked when it is made.

    Parameters
    ----------
    source, target : the groups.
    images : the images of the source's generators, as a sequence in their order or a mapping by name. For a finite target:
        its elements, in any form that `FiniteGroup.check_element` takes. For a Lie group as target: exact matrices of its
        defining size, Lie algebra elements for the generators of the source's algebra.

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

    def __init__(
        self, source: Group, target: Group, images: Sequence[object] | Mapping[Generator, object] | Mapping[str, object]
    ) -> None:
        _check_groups(source=source, target=target)
        given = source.by_generator(images)
        if isinstance(target, FiniteGroup):
            self._set(source, target, *_to_finite(source, target, given))
        elif isinstance(target, LieGroup):
            self._set(source, target, *_to_lie(source, target, given))
        else:
            raise UnsupportedGroup(f"target = {target}: map into the factors instead")

    def _set(
        self,
        source: Group,
        target: Group,
        element: _ElementMap,
        algebra: Mapping[Generator, AlgebraImage],
        kind: object,
    ) -> None:
        self.source, self.target = source, target
        self._element, self._algebra, self._kind = element, dict(algebra), kind

    @classmethod
    def _make(
        cls, source: Group, target: Group, element: _ElementMap, algebra: Mapping[Generator, AlgebraImage], kind: object
    ) -> Homomorphism:
        self = cls.__new__(cls)
        self._set(source, target, element, algebra, kind)
        return self

    def key(self) -> tuple[object, ...]:
        return self.source, self.target, self._kind

    @property
    def factor(self) -> int | None:
        """The factor of the source that this is the projection on; None for other maps."""
        return self._element.factor if isinstance(self._element, _Part) else None

    @classmethod
    def identity(cls, group: Group) -> Homomorphism:
        """The identity map."""
        _check_groups(group=group)
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
        _check_groups(product=product)
        count = len(product.factors)
        if not isinstance(factor, int | np.integer) or not -count <= factor < count:
            raise DimensionMismatch(f"factor = {factor!r}: {product} has the factors 0..{count - 1}")
        k = int(factor) % count
        if not product.is_product:
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
        _check_groups(subgroup=subgroup, group=group)
        if subgroup.is_finite and group.is_finite:
            here, there = len(subgroup.identity()), len(group.identity())
            if here != there:
                raise DimensionMismatch(f"{subgroup} permutes {here} points, {group} permutes {there}")
            return cls(subgroup, group, [subgroup.generator_element(a) for a in subgroup.generator_names])
        return cls(subgroup, group, list(subgroup.defining().images.values()))

    def __call__(self, g: Element) -> Element:
        """The image of an element of the source; leading axes are batch."""
        return self._element(g)

    def exact(self, g: Element) -> Element:
        """The image of one element as `Representation.exact_image` takes it: a permutation, an exact matrix, or a tuple."""
        return self._element.exact(g)

    def generator_image(self, generator: Generator) -> Element:
        """Where the map sends the element that a generator stands for, as `exact` gives it."""
        if isinstance(self._element, _Through):
            return self._element.generator(generator)
        return self.exact(self.source.generator_element(generator))

    def algebra_image(self, generator: Generator) -> AlgebraImage | None:
        """Where the differential sends an algebra generator: a generator of the target, (coefficients, their field), or None for 0."""
        return self._algebra.get(generator)

    def kernel_contains(self, g: Element) -> bool:
        """Whether an element, given as `exact` takes it, is sent to the identity; decided exactly."""
        return equal(self.exact(g), self.target.exact_identity())

    def kernel(self) -> FiniteGroup:
        """The subgroup of a finite source that is sent to the identity.

        Raises
        ------
        UnsupportedGroup
            If the source is infinite; `kernel_contains` decides for one element.
        TooLarge
            If its elements cannot be listed.

        Examples
        --------
        >>> from grouprep import Cyclic, Homomorphism, Symmetric
        >>> sign = Homomorphism(Symmetric(4), Cyclic(2), [[1, 0], [1, 0]])
        >>> sign.kernel().order
        12
        """
        from grouprep.groups.quotients import normal_subgroup

        return normal_subgroup(self.source, self.kernel_contains, f"ker({self})")  # type: ignore[arg-type]

    def image(self) -> FiniteGroup:
        """The subgroup of a finite target that the source is sent onto.

        Raises
        ------
        UnsupportedGroup
            If the target is infinite.
        """
        if not isinstance(self.target, FiniteGroup):
            raise UnsupportedGroup(f"{self.target} is infinite: images are found in finite groups")
        perms = [self.generator_image(a) for a in self.source.generator_names if a.kind == "element"]
        return FiniteGroup(perms or [self.target.identity()], name=f"im({self})")

    @property
    def is_injective(self) -> bool:
        """Whether only the identity of a finite source is sent to the identity."""
        return self.image().order == self.source.order

    @property
    def is_surjective(self) -> bool:
        """Whether every element of a finite target is an image."""
        return self.image().order == self.target.order

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}"

    def __repr__(self) -> str:
        return f"Homomorphism({self.source} -> {self.target})"

    def _repr_html_(self) -> str:
        return homomorphism_card(self)


def _check_groups(**given: object) -> None:
    for name, value in given.items():
        if not isinstance(value, Group):
            raise GroupRepError(f"{name} must be a Group such as Dihedral(4), got {shown(value)}")


class _Same:
    def __call__(self, g: Element) -> Element:
        return g

    exact = __call__


class _Part:
    def __init__(self, product: Group, factor: int) -> None:
        self.product, self.factor = product, factor

    def __call__(self, g: Element) -> Element:
        return self.product.part(g, self.factor)

    exact = __call__


class _Through:
    """Element images through matrices on the target's points or defining space."""

    def __init__(self, source: Group, matrices: Extension, permutes: bool) -> None:
        self.source, self.matrices, self.permutes = source, matrices, permutes

    def __call__(self, g: Element) -> Element:
        values = self.matrices.floats(self.source.check_element(g))
        return np.argmax(values, axis=-2) if self.permutes else values

    def exact(self, g: Element) -> Element:
        return self._element(self.matrices.exact(g))

    def generator(self, generator: Generator) -> Element:
        return self._element(self.matrices.images[generator])

    def _element(self, image: Image) -> Element:
        return image.perm if self.permutes and isinstance(image, Monomial) else image


_ElementMap: TypeAlias = _Same | _Part | _Through


def _to_finite(source: Group, target: FiniteGroup, given: Mapping[Generator, object]) -> _Made:
    perms = {a: target.read_element(p, f"images[{a.label!r}]") for a, p in given.items() if a.kind == "element"}
    for a, p in perms.items():
        if not target.contains(p):
            raise NotAHomomorphism(f"images[{a.label!r}] does not lie in {target}")
    if any(a.kind == "algebra" for a in source.generator_names):
        raise UnsupportedGroup(
            f"a map from {source} to a finite group sends the identity component to 1: project on a factor"
        )
    if all(np.array_equal(p, source.generator_element(a)) for a, p in perms.items()):
        return _Same(), {}, "inclusion"
    images: dict[Generator, Image] = {a: Monomial(p) for a, p in perms.items()}
    source.prove_homomorphism(images)
    return _Through(source, source.extend(images), True), {}, tuple(p.tobytes() for p in perms.values())


def _to_lie(source: Group, target: LieGroup, given: Mapping[Generator, object]) -> _Made:
    images = prepared_images(source, given)
    source.prove_homomorphism(images)
    matrices = source.extend(images)
    if matrices.dim != target.n:
        raise DimensionMismatch(
            f"images are {matrices.dim} x {matrices.dim}, the elements of {target} are {target.n} x {target.n}"
        )
    algebra: dict[Generator, AlgebraImage] = {}
    basis = [as_exact(a) for a in target.algebra]
    for a, image in images.items():
        if a.kind == "algebra":
            if not is_exact(image):
                raise UnsupportedGroup(f"images[{a.label!r}] is a float matrix; maps into {target} need exact ones")
            found = coordinates(basis, as_exact(image))
            if found is None:
                raise NotAHomomorphism(f"images[{a.label!r}] does not lie in the Lie algebra of {target}")
            algebra[a] = found
        elif not target.contains(image):
            raise NotAHomomorphism(f"images[{a.label!r}] does not lie in {target}")
    return _Through(source, matrices, False), algebra, tuple(map(matrix_key, images.values()))
