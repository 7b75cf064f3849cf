"""Maps from a group to matrices, given by the images of its generators and extended to all elements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from grouprep.errors import DimensionMismatch
from grouprep.linalg.matrices import Image, as_exact, as_image, is_exact, is_real, size
from grouprep.summary import Summary
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from grouprep.groups.base import Generator, Group

__all__ = ["Extension", "prepared_images"]


def prepared_images(
    G: Group, images: Sequence[object] | Mapping[Generator, object] | Mapping[str, object]
) -> dict[Generator, Image]:
    """The images of all generators as matrices of one size, from a sequence in the generators' order or a mapping by name.

    An algebra generator's matrix is never monomial: monomial means a group element to the solvers.

    Raises
    ------
    DimensionMismatch
        If matrices are missing, not square, or of different sizes.
    """
    prepared: dict[Generator, Image] = {}
    for a, matrix in G.by_generator(images).items():
        image = as_image(matrix, f"images[{a.label!r}]")
        prepared[a] = as_exact(image) if a.kind == "algebra" and is_exact(image) else image
    sizes = {a.label: size(m) for a, m in prepared.items()}
    if len(set(sizes.values())) > 1:
        raise DimensionMismatch(f"images have different sizes: {sizes}")
    return prepared


class Extension(Summary, ABC):
    """The values at elements of the map that images of the generators, already proved to be one, extend to.

    group : the group; images : the matrix of every generator, of the element or the differential.
    """

    group: Group

    def __init__(self, group: Group, images: Mapping[Generator, Image]) -> None:
        self.group, self.images = group, dict(images)

    @cached_property
    def dim(self) -> int:
        """The size of the matrices."""
        return size(next(iter(self.images.values())))

    @cached_property
    def is_real(self) -> bool:
        """Whether the generators' matrices are real."""
        return all(map(is_real, self.images.values()))

    @abstractmethod
    def exact(self, g: Element) -> Image:
        """The value at one element, exact as `Representation.exact_image` takes it."""

    @abstractmethod
    def floats(self, g: Element) -> Array:
        """The values at checked elements, (..., dim, dim), rounded from the exact ones where these are known."""
