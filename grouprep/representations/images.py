"""Representations given by a matrix for each generator, proved to be one when they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from grouprep.errors import GroupRepError, printable, shown
from grouprep.groups.base import Generator, Group
from grouprep.groups.extension import prepared_images
from grouprep.linalg import Image, as_image
from grouprep.linalg.forms import is_invariant
from grouprep.linalg.matrices import matrix_key, size
from grouprep.representations.basic import Basic
from grouprep.typing import Array, Element

__all__ = ["ImageRepresentation"]


class ImageRepresentation(Basic):
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
        images: Sequence[object] | Mapping[Generator, object] | Mapping[str, object] | None = None,
        *,
        gram: object = None,
        name: str = "",
    ) -> None:
        if not isinstance(group, Group):
            raise GroupRepError(f"group must be a Group such as Dihedral(4), got {shown(group)}")
        if images is None or isinstance(images, str):
            raise GroupRepError(
                f"images must hold a matrix for each of the generators {[str(a) for a in group.generator_names]} of {group}, got "
                f"{shown(images)}; representations at hand are {group}.defining(), .regular(), .trivial(), .irrep(label)"
            )
        prepared = prepared_images(group, images)
        self._group, self.name = group, printable(name or "")
        self._values = group.extend(prepared)
        self._gram = None if gram is None else as_image(gram, "gram")
        group.prove_homomorphism(prepared)
        if self._gram is not None and not self._keeps(self._gram):
            raise GroupRepError("gram is not an invariant positive-definite Hermitian form of these images")

    def _keeps(self, form: Image) -> bool:
        return size(form) == self.dim and is_invariant(form, *self.by_kind()) and self.gram is not None

    @property
    def dim(self) -> int:
        return self._values.dim

    def image(self, generator: Generator) -> Image:
        return self._values.images[generator]

    @cached_property
    def invariant_form(self) -> Image | None:
        """The form that was given, or one that is found."""
        return self._gram if self._gram is not None else super().invariant_form

    def exact_image(self, g: Element) -> Image:
        return self._values.exact(g)

    def evaluate(self, g: Element) -> Array:
        return self._values.floats(g)

    def _key(self) -> tuple[object, ...]:
        form = None if self._gram is None else matrix_key(self._gram)
        return tuple(map(matrix_key, self._values.images.values())), form

    def __str__(self) -> str:
        return self.name or f"V{self.dim}"
