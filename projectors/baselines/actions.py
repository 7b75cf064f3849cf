"""Random group elements from a torch generator, and their action on tensors."""

from __future__ import annotations

import numpy as np
import torch

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.summary import Summary
from grouprep.typing import Element
from projectors.arrays import cast, namespace, one_by_one

__all__ = ["Action", "check_generator", "draw"]

_Image = (
    tuple[torch.Tensor, torch.Tensor | None] | torch.Tensor
)  # (permutation, values) of a monomial matrix, or a matrix


def check_generator(generator: object) -> torch.Generator:
    """The generator itself.

    Raises
    ------
    GroupRepError
        If it is none: draws have an explicit source.
    """
    if not isinstance(generator, torch.Generator):
        raise GroupRepError(
            f"generator = {generator!r:.60}: a torch.Generator is needed, such as torch.Generator().manual_seed(0)"
        )
    return generator


def draw(G: Group, n: int, generator: torch.Generator) -> list[Element]:
    """n independent elements from Haar measure.

    Parameters
    ----------
    G : a compact group; n : how many; generator : moved on by each call.

    Raises
    ------
    UnsupportedGroup
        If the group has no sampler.
    """
    seeds = torch.randint(0, 2**62, (2,), generator=generator, device=generator.device).tolist()
    return one_by_one(G.sample(n, np.random.default_rng(seeds)))


class Action(Summary):
    """rho(g) on axes of tensors; images of a finite group's elements are remembered.

    Parameters
    ----------
    V : the representation.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> G = Cyclic(3)
    >>> Action(G.natural()).rows(G.generators[0], torch.tensor([[1.0], [2.0], [3.0]]))[:, 0]
    tensor([3., 1., 2.])
    """

    def __init__(self, V: Representation) -> None:
        self.V = V
        self._images: dict[tuple[bytes, torch.device], _Image] = {}

    def rows(self, g: Element, x: torch.Tensor) -> torch.Tensor:
        """rho(g) x, x (..., dim, n)."""
        image = self._image(g, x)
        if isinstance(image, torch.Tensor):
            return _like(image, x) @ x
        perm, values = image
        scaled = x if values is None else x * _like(values, x)[:, None]
        return torch.index_select(scaled, -2, torch.argsort(perm))

    def columns(self, g: Element, x: torch.Tensor) -> torch.Tensor:
        """x rho(g), x (..., n, dim)."""
        image = self._image(g, x)
        if isinstance(image, torch.Tensor):
            return x @ _like(image, x)
        perm, values = image
        out = torch.index_select(x, -1, perm)
        return out if values is None else out * _like(values, x)

    def vectors(self, g: Element, x: torch.Tensor) -> torch.Tensor:
        """rho(g) on every sample of x (batch, ...) whose entries are vectors of V."""
        return self.rows(g, x.reshape(len(x), -1, 1)).reshape(x.shape)

    def each(self, elements: list[Element], x: torch.Tensor) -> torch.Tensor:
        """rho(g_b) on sample b of x (batch, ...), one element a sample."""
        flat = x.reshape(len(x), -1)
        if not self.V.group.is_finite:
            matrices = torch.as_tensor(np.asarray(self.V(_stacked(elements))), device=x.device)
            return (_like(matrices, x) @ flat[..., None])[..., 0].reshape(x.shape)
        images = [self._image(g, x) for g in elements]
        if all(isinstance(image, torch.Tensor) for image in images):
            matrices = torch.stack([_like(image, x) for image in images if isinstance(image, torch.Tensor)])
            return (matrices @ flat[..., None])[..., 0].reshape(x.shape)
        perms = torch.stack([image[0] for image in images])
        if any(image[1] is not None for image in images):
            flat = flat * torch.stack(
                [_like(image[1] if image[1] is not None else torch.ones_like(flat[0]), x) for image in images]
            )
        return torch.empty_like(flat).scatter(1, perms, flat).reshape(x.shape)

    def _image(self, g: Element, x: torch.Tensor) -> _Image:
        if not self.V.group.is_finite:
            return torch.as_tensor(np.asarray(self.V(g)), device=x.device)
        key = np.asarray(g).tobytes(), x.device
        if key not in self._images:
            self._images[key] = self._made(g, x.device)
        return self._images[key]

    def _made(self, g: Element, device: torch.device) -> _Image:
        image = self.V.exact_image(g)
        if not isinstance(image, Monomial):
            return torch.as_tensor(np.asarray(self.V(g)), device=device)
        values = image.values()
        perm = torch.as_tensor(np.array(image.perm), device=device)
        return perm, None if np.all(values == 1) else torch.as_tensor(values, device=device)


def _stacked(elements: list[Element]) -> Element:
    """Elements along a leading axis; of a product as a tuple of such."""
    if isinstance(elements[0], tuple):
        return tuple(_stacked(list(parts)) for parts in zip(*elements, strict=True))
    return np.stack(elements)


def _like(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Entries of a representation in the precision of a tensor that they act on."""
    out: torch.Tensor = cast(values, x.dtype, namespace(x))
    return out
