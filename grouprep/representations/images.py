"""Representations given by a matrix for each generator, proved to be one when they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import LISTING_LIMIT, FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.linalg import Image, Monomial, as_exact, as_image
from grouprep.linalg import matrices as mat
from grouprep.linalg.matrices import is_exact, matrix_key
from grouprep.representations.base import Representation
from grouprep.representations.forms import find_invariant_form

__all__ = ["ImageRepresentation", "images_by_generator"]


def images_by_generator(
    G: Group, images: Sequence[Any] | Mapping[Any, Any], what: str = "images"
) -> dict[Generator, Any]:
    """Images by generator, from a sequence in the generators' order or a mapping by generator or its name.

    Raises
    ------
    DimensionMismatch
        If there are not as many images as generators, or a name is not a generator's.
    """
    generators = G.generator_names
    names = [str(a) for a in generators]
    if isinstance(images, Mapping):
        given = {str(k): v for k, v in images.items()}
        if set(given) != set(names):
            raise DimensionMismatch(f"{what} has the keys {sorted(given)}; {G} has the generators {names}")
        return {a: given[name] for a, name in zip(generators, names, strict=True)}
    values = list(images)
    if len(values) != len(generators):
        raise DimensionMismatch(f"{what} has {len(values)} entries; {G} has {len(generators)} generators: {names}")
    return dict(zip(generators, values, strict=True))


class ImageRepresentation(Representation):
    """The representation with given matrices for the generators of a group.

    Parameters
    ----------
    group : the group.
    images : a (dim, dim) matrix for each generator of the group, exact (sympy, nested lists of integers, fractions or text,
        integer arrays) or float, in the order of `group.generator_names` or by name. Lie groups: the differential for the generators
        A1, A2, ... of the algebra, the matrix of the element for h1, h2, ...
    gram : an invariant positive-definite Hermitian form, if you know one; checked. By default it is looked for.
    name : how it is printed.

    Raises
    ------
    NotAHomomorphism
        If a relation of the group fails; the message names it.
    UnsupportedGroup
        If too little is known of the group to prove or refute it.
    DimensionMismatch
        If matrices are missing, not square, or of different sizes.

    Examples
    --------
    >>> from grouprep import SO, Representation
    >>> half = [[["I/2", 0], [0, "-I/2"]], [[0, "1/2"], ["-1/2", 0]], [[0, "I/2"], ["I/2", 0]]]
    >>> Representation(SO(3), images=half)
    Traceback (most recent call last):
    ...
    grouprep.errors.NotAHomomorphism: ...
    """

    def __init__(
        self,
        group: Group,
        images: Sequence[Any] | Mapping[Any, Any],
        *,
        gram: Any = None,
        name: str = "",
    ) -> None:
        from grouprep.representations.proof import prove_homomorphism

        if not isinstance(group, Group):
            raise GroupRepError(f"group must be a Group such as Dihedral(4), got {group!r:.60}")
        given = images_by_generator(group, images)
        self._group = group
        self._images = {a: _prepare(m, a) for a, m in given.items()}
        sizes = {a.label: mat.size(m) for a, m in self._images.items()}
        if len(set(sizes.values())) > 1:
            raise DimensionMismatch(f"images have different sizes: {sizes}")
        self.name = name
        self._gram = None if gram is None else as_image(gram, "gram")
        self._cache: dict[int, Image] = {}
        prove_homomorphism(group, self._images)
        if self._gram is not None:
            self._check_gram(self._gram)

    @property
    def group(self) -> Group:
        return self._group

    @cached_property
    def dim(self) -> int:
        return mat.size(next(iter(self._images.values())))

    def image(self, generator: Generator) -> Image:
        return self._images[generator]

    def _check_gram(self, form: Image) -> None:
        from grouprep.representations.forms import is_invariant

        if mat.size(form) != self.dim or not is_invariant(form, self._images) or self.gram is None:
            raise GroupRepError("gram is not an invariant positive-definite Hermitian form of these images")

    @cached_property
    def invariant_form(self) -> Image | None:
        """The form that was given, or one that is found."""
        return self._gram if self._gram is not None else super().invariant_form

    def _form(self) -> Image | None:
        return find_invariant_form(self)

    # Elements of finite groups: products along the listing, or a sift through the stabiliser chain

    def exact_image(self, g: Any) -> Image:
        if isinstance(self._group, FiniteGroup):
            return self._element(self._group.check_element(g))
        if isinstance(self._group, LieGroup):
            return self._exact_component(as_image(g, "g"))
        raise UnsupportedGroup(
            f"exact values at elements of {self._group}: pull back representations of its factors instead"
        )

    def _element(self, g: NDArray[Any]) -> Image:
        G = self._group
        assert isinstance(G, FiniteGroup)
        if G.order > LISTING_LIMIT:
            return self._sifted(g)
        return self._numbered(int(G.index(g)))

    def _numbered(self, number: int) -> Image:
        G = self._group
        assert isinstance(G, FiniteGroup)
        chain = []
        while number and number not in self._cache:
            chain.append(number)
            number = G.steps[number][1]
        value: Image = self._cache[number] if number else Monomial.identity(self.dim)
        for number in reversed(chain):
            value = mat.matmul(self._images[G.generator_names[G.steps[number][0]]], value)
            self._cache[number] = value
        return value

    def _sifted(self, g: NDArray[Any]) -> Image:
        """The image read off a stabiliser chain of the group of pairs (g, rho(g)), for monomial images."""
        from grouprep.representations.proof import sift

        group, modulus = self._pairs
        return sift(group, modulus, g)

    @cached_property
    def _pairs(self) -> tuple[Any, int]:
        from grouprep.representations.proof import pair_group

        if not all(isinstance(m, Monomial) for m in self._images.values()):
            raise UnsupportedGroup(f"{self._group} is too large for values of a representation given by dense matrices")
        return pair_group(self._group, self._images)

    def _exact_component(self, g: Image) -> Image:
        """rho(g) for an exact element that is a product of the discrete generators."""
        G = self._group
        assert isinstance(G, LieGroup)
        for a in G.generator_names:
            if a.kind == "element" and mat.is_exact(g) and mat.equal(G.components[a.index], g):
                return self._images[a]
        if mat.is_exact(g) and mat.equal(g, Monomial.identity(G.n)):
            return Monomial.identity(self.dim)
        raise UnsupportedGroup(
            "exact values at this element are not known for a representation given by its differential"
        )

    def _evaluate(self, g: Any) -> NDArray[Any]:
        if isinstance(self._group, FiniteGroup):
            return self._round_exact(g)
        if isinstance(self._group, LieGroup):
            from grouprep.representations.exponential import evaluate_by_exponential

            return evaluate_by_exponential(self._group, self, g)
        raise UnsupportedGroup(f"values at elements of {self._group}: pull back representations of its factors instead")

    def _trace(self, point: Any, k: int) -> Any:
        return point.leaf(self, k)

    def _key(self) -> tuple[Any, ...]:
        return tuple(matrix_key(m) for m in self._images.values())

    def __str__(self) -> str:
        return self.name or f"V{self.dim}"


def _prepare(matrix: Any, generator: Generator) -> Image:
    """An algebra generator's matrix is never monomial: monomial means a group element to the solvers."""
    image = as_image(matrix, f"images[{generator.label!r}]")
    return as_exact(image) if generator.kind == "algebra" and is_exact(image) else image
