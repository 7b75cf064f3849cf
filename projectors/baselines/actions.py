"""Random group elements from a torch generator, and their action on tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import torch

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.summary import Summary
from grouprep.typing import Element
from projectors.arrays import cast, namespace, one_by_one
from projectors.structure import Summand, summands
from projectors.torch.rotations import RotationImages, covers, sample_rotations

__all__ = ["Action", "Elements", "Pool", "check_generator", "draw"]

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


Unit: TypeAlias = tuple[Representation, ...]
_WIDE = 128  # up to this dimension of a unit one dense product beats one for each of its summands


class Elements(Summary):
    """Elements of an infinite group that were drawn at once: their images are made for all of them together, and kept.

    group : the group; n : how many they are.
    angles : of SO(2), O(2), SO(3), O(3), SU(2), whose images are made where they are needed (see `RotationImages`); None for others.
    elements : along leading axes, as the group's representations take them; None where angles are known.
    """

    def __init__(
        self,
        group: Group,
        n: int,
        angles: torch.Tensor | None = None,
        elements: Element = None,
        makers: dict[Representation, RotationImages] | None = None,
    ) -> None:
        self.group, self.n, self.angles, self.elements = group, n, angles, elements
        self._makers = {} if makers is None else makers
        self._images: dict[tuple[Unit, torch.device, torch.dtype], torch.Tensor] = {}

    @classmethod
    def drawn(
        cls,
        G: Group,
        n: int,
        generator: torch.Generator,
        device: torch.device,
        makers: dict[Representation, RotationImages],
    ) -> Elements:
        """N independent elements from Haar measure; what makes images is kept in `makers`, from one draw to the next."""
        if covers(G.trivial()):
            return cls(G, n, angles=sample_rotations(G, n, generator, device), makers=makers)
        return cls(G, n, elements=_stacked(draw(G, n, generator)))

    def images(self, unit: Unit, x: torch.Tensor) -> torch.Tensor:
        """The matrices (n, dim, dim) of the direct sum of some representations, where x is and in its precision."""
        if len(unit) == 1:
            return self._image(unit[0], x)
        key = unit, x.device, x.dtype
        if key not in self._images:
            parts = [self._image(R, x) for R in unit]
            n, dim = self.n, sum(R.dim for R in unit)
            out = torch.zeros(n, dim, dim, dtype=torch.stack([p[0, 0, 0] for p in parts]).dtype, device=x.device)
            start = 0
            for p in parts:
                stop = start + p.shape[-1]
                out[:, start:stop, start:stop] = p
                start = stop
            self._images[key] = out
        return self._images[key]

    def _image(self, R: Representation, x: torch.Tensor) -> torch.Tensor:
        key = (R,), x.device, x.dtype
        if key not in self._images:
            if self.angles is not None and covers(R):
                if R not in self._makers:
                    self._makers[R] = RotationImages(R)
                values = self._makers[R](self.angles.to(x.device))
            else:
                values = torch.as_tensor(np.asarray(R(self.as_elements())), device=x.device)
            self._images[key] = _like(values, x)
        return self._images[key]

    def as_elements(self) -> Element:
        """As representations take them."""
        if self.angles is None:
            return self.elements
        return RotationImages(self.group.defining())(self.angles.cpu().double()).numpy()


class _One(NamedTuple):
    """One of some elements."""

    elements: Elements
    number: int


class Pool(Summary):
    """Where the random elements of a penalty come from: drawn anew for each call, or chosen among some that were drawn once.

    Chosen ones cost nothing: their images are made once, and stay where the weights are. What is a mean over the group is then one over
    the pool.

    Parameters
    ----------
    G : a compact group; generator : moved on by each call.
    size : of the pool; None: elements are drawn anew.

    Raises
    ------
    GroupRepError
        If size is no positive integer; UnsupportedGroup if the group has no sampler.
    """

    def __init__(self, G: Group, generator: torch.Generator, size: int | None = None) -> None:
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            raise GroupRepError(f"pool = {size!r:.40}: a positive integer is needed, or None for elements drawn anew")
        self.group, self.generator, self.size = G, check_generator(generator), size
        self._kept: list[Element] | None = None
        self._makers: dict[Representation, RotationImages] = {}
        draw(G, 1, torch.Generator().manual_seed(0))  # a group without sampler is refused now

    def take(self, n: int, device: torch.device) -> list[Element]:
        """N random elements, for an `Action`."""
        if self.size is None:
            return self._drawn(n, device)
        if self._kept is None:
            self._kept = self._drawn(self.size, device)
        at = torch.randint(self.size, (n,), generator=self.generator, device=self.generator.device)
        return [self._kept[k] for k in at.tolist()]

    def _drawn(self, n: int, device: torch.device) -> list[Element]:
        if self.group.is_finite:
            return draw(self.group, n, self.generator)
        elements = Elements.drawn(self.group, n, self.generator, device, self._makers)
        return [_One(elements, k) for k in range(n)]


class Action(Summary):
    """rho(g) on axes of tensors; images of a finite group's elements are remembered, those of others are made summand by summand.

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
        self._parts: list[tuple[Unit, int]] = [] if V.group.is_finite else _units(summands(V))
        self._images: dict[tuple[bytes, torch.device], _Image] = {}

    def rows(self, g: Element, x: torch.Tensor) -> torch.Tensor:
        """rho(g) x, x (..., dim, n)."""
        if self._parts:
            pieces = [M[k] @ part for M, (k,), part in self._pieces([g], x, -2)]
            return torch.cat([p.flatten(-3, -2) for p in pieces], -2)
        image = self._image(g, x)
        if isinstance(image, torch.Tensor):
            return _like(image, x) @ x
        perm, values = image
        scaled = x if values is None else x * _like(values, x)[:, None]
        return torch.index_select(scaled, -2, torch.argsort(perm))

    def columns(self, g: Element, x: torch.Tensor) -> torch.Tensor:
        """x rho(g), x (..., n, dim)."""
        if self._parts:
            pieces = [part @ M[k] for M, (k,), part in self._pieces([g], x, -1)]
            return torch.cat([p.flatten(-2) for p in pieces], -1)
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
        if self._parts:
            pieces = [part @ M[list(k)].mT for M, k, part in self._pieces(elements, flat, -1)]
            return torch.cat([p.flatten(1) for p in pieces], -1).reshape(x.shape)
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

    def _pieces(
        self, elements: list[Element], x: torch.Tensor, axis: int
    ) -> Iterator[tuple[torch.Tensor, Sequence[int], torch.Tensor]]:
        """For each unit the images of some elements, which of them are meant, and x with that axis cut into (copies, dim)."""
        if not isinstance(elements[0], _One):
            given = Elements(self.V.group, len(elements), elements=_stacked(elements))
            elements = [_One(given, k) for k in range(len(elements))]
        many, at = elements[0].elements, [g.number for g in elements]
        start = 0
        for unit, count in self._parts:
            dim = sum(R.dim for R in unit)
            part = x.narrow(axis, start, count * dim).unflatten(axis, (count, dim))  # type: ignore[no-untyped-call]
            start += count * dim
            images = many.images(unit, x)
            yield images, at, part.to(images.dtype)

    def _image(self, g: Element, x: torch.Tensor) -> _Image:
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


def _units(parts: Sequence[Summand]) -> list[tuple[Unit, int]]:
    """(the summands of a unit, its copies), one after the other: n copies of a small sum are one unit, other summands stand alone."""
    kinds = [(s.representation, s.count) for s in parts]
    for period in range(1, len(kinds) // 2 + 1):
        unit = tuple(R for R, count in kinds[:period] for _ in range(count))
        if (
            len(kinds) % period == 0
            and kinds == kinds[:period] * (len(kinds) // period)
            and sum(R.dim for R in unit) <= _WIDE
        ):
            return [(unit, len(kinds) // period)]
    return [((R,), count) for R, count in kinds]


def _stacked(elements: list[Element]) -> Element:
    """Elements along a leading axis; of a product as a tuple of such."""
    if isinstance(elements[0], tuple):
        return tuple(_stacked(list(parts)) for parts in zip(*elements, strict=True))
    return np.stack(elements)


def _like(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Entries of a representation in the precision of a tensor that they act on."""
    out: torch.Tensor = cast(values, x.dtype, namespace(x))
    return out
