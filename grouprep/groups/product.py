"""Direct products: of finite groups as permutations of the disjoint union of their points, of others as tuples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from itertools import combinations, product
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, NotAHomomorphism, UnsupportedGroup, shown
from grouprep.groups.base import Generator, Group, Word
from grouprep.groups.extension import Extension
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.permutations import Perm
from grouprep.linalg import Image, bounded
from grouprep.linalg import matrices as mat
from grouprep.linalg.budget import IMAGES, require
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from grouprep.representations import Representation

__all__ = ["FiniteProduct", "ProductGroup", "direct_product"]


def direct_product(factors: Sequence[Group]) -> Group:
    """The direct product of groups; a FiniteGroup if all factors are finite."""
    if all(G.is_finite for G in factors):
        return FiniteProduct(factors)  # type: ignore[arg-type]
    return ProductGroup(factors)


class ProductExtension(Extension):
    """Values at elements of a mixed product are not offered: its representations are made from those of its factors."""

    def exact(self, g: tuple[Element, ...]) -> Image:
        raise UnsupportedGroup(
            f"exact values at elements of {self.group}: pull back representations of its factors instead"
        )

    def floats(self, g: tuple[Element, ...]) -> Array:
        raise UnsupportedGroup(f"values at elements of {self.group}: pull back representations of its factors instead")


class _Product(Group):
    """What direct products share."""

    _factors: tuple[Group, ...]

    @property
    def factors(self) -> tuple[Group, ...]:
        return self._factors

    @property
    def is_product(self) -> bool:
        return True

    @cached_property
    def generator_names(self) -> tuple[Generator, ...]:
        return tuple(a.inside(k) for k, G in enumerate(self._factors) for a in G.generator_names)

    @cached_property
    def seed_generators(self) -> tuple[Generator, ...]:
        return tuple(a.inside(k) for k, G in enumerate(self._factors) for a in G.seed_generators)

    def defining(self) -> Representation:
        """The direct sum of the factors' defining representations."""
        return reduce(lambda V, W: V + W, [self.pullback(k, G.defining()) for k, G in enumerate(self._factors)])

    def key(self) -> tuple[object, ...]:
        return self._factors

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "product": [G.to_dict() for G in self._factors]}


class FiniteProduct(_Product, FiniteGroup):
    """The direct product of finite groups; an element permutes the points of all factors, one factor after the other."""

    _factors: tuple[FiniteGroup, ...]

    def __init__(self, factors: Sequence[FiniteGroup]) -> None:
        self._factors = tuple(factors)
        degrees = [G.degree for G in factors]
        count = sum(len(G.generators) for G in factors)
        require(count * sum(degrees), IMAGES, "the generators of the product have images of points, all together:")
        self.offsets = np.concatenate([[0], np.cumsum(degrees)]).tolist()
        perms = []
        for k, G in enumerate(factors):
            for p in G.generators:
                whole = np.arange(self.offsets[-1])
                whole[self.offsets[k] : self.offsets[k + 1]] = p + self.offsets[k]
                whole.setflags(write=False)
                perms.append(whole)
        labels = [str(a) for a in self.generator_names]
        name = " x ".join(str(G) for G in factors)
        super().__init__(perms, name=name, labels=labels, relators=_product_relators(factors))

    @cached_property
    def order(self) -> int:
        return math.prod(G.order for G in self._factors)

    def check_element(self, g: object) -> Perm:
        """As `FiniteGroup.check_element`; also a tuple of elements of the factors."""
        if not isinstance(g, tuple) or len(g) != len(self._factors) or all(isinstance(x, Integral) for x in g):
            return super().check_element(g)
        parts = [G.check_element(x) + start for G, x, start in zip(self._factors, g, self.offsets, strict=False)]
        lead = np.broadcast_shapes(*(p.shape[:-1] for p in parts))
        return np.concatenate([np.broadcast_to(p, (*lead, p.shape[-1])) for p in parts], axis=-1)

    def part(self, g: Perm, factor: int) -> Perm:
        start, stop = self.offsets[factor], self.offsets[factor + 1]
        component: Perm = self._element(g)[..., start:stop] - start
        return component

    def sample(self, n: int, rng: np.random.Generator) -> Perm:
        parts = [G.sample(n, rng) + start for G, start in zip(self._factors, self.offsets, strict=False)]
        return np.concatenate(parts, axis=1)


def _product_relators(factors: Sequence[FiniteGroup]) -> list[Word] | None:
    """The factors' relators and the commutators of generators of different factors; None if a factor has none."""
    words: list[Word] = []
    starts = np.concatenate([[0], np.cumsum([len(G.generators) for G in factors])]).tolist()
    for G, start in zip(factors, starts, strict=False):
        if G.relators is None:
            return None
        words += [tuple((k + start, e) for k, e in word) for word in G.relators]
    for i, j in combinations(range(len(factors)), 2):
        pairs = product(range(starts[i], starts[i + 1]), range(starts[j], starts[j + 1]))
        words += [((a, 1), (b, 1), (a, -1), (b, -1)) for a, b in pairs]
    return words


class ProductGroup(_Product):
    """The direct product of groups of which one at least is infinite; an element is a tuple of the factors' elements."""

    def __init__(self, factors: Sequence[Group]) -> None:
        self._factors = tuple(factors)
        self.name = " x ".join(str(G) for G in factors)

    @property
    def order(self) -> float:
        return math.inf

    @cached_property
    def is_compact(self) -> bool:
        return all(G.is_compact for G in self._factors)

    def identity(self) -> tuple[Element, ...]:
        return tuple(G.identity() for G in self._factors)

    def multiply(self, g: tuple[Element, ...], h: tuple[Element, ...]) -> tuple[Element, ...]:
        return tuple(G.multiply(x, y) for G, x, y in zip(self._factors, self._tuple(g), self._tuple(h), strict=True))

    def inverse(self, g: tuple[Element, ...]) -> tuple[Element, ...]:
        return tuple(G.inverse(x) for G, x in zip(self._factors, self._tuple(g), strict=True))

    def batch_shape(self, g: tuple[Element, ...]) -> tuple[int, ...]:
        return self._factors[0].batch_shape(g[0])

    def generator_element(self, generator: Generator) -> tuple[Element, ...]:
        one = [G.exact_identity() for G in self._factors]
        k = generator.path[0]
        one[k] = self._factors[k].generator_element(generator.outside())
        return tuple(one)

    def exp(self, coefficients: ArrayLike) -> tuple[Element, ...]:
        counts = [sum(a.kind == "algebra" for a in G.generator_names) for G in self._factors]
        pieces = np.split(self.checked_coefficients(coefficients), np.cumsum(counts)[:-1], axis=-1)
        return tuple(G.exp(c) for G, c in zip(self._factors, pieces, strict=True))

    def prove_homomorphism(self, images: Mapping[Generator, Image]) -> None:
        """Each factor's images are a representation, and images of different factors commute."""
        for k, H in enumerate(self._factors):
            H.prove_homomorphism({a: images[a.inside(k)] for a in H.generator_names})
        generators = self.generator_names
        for i, a in enumerate(generators):
            for b in generators[i + 1 :]:
                if a.path[0] == b.path[0]:
                    continue
                x, y = images[a], images[b]
                if mat.is_exact(x) and mat.is_exact(y):
                    good = mat.equal(mat.matmul(x, y), mat.matmul(y, x))
                else:
                    p, q = bounded.bounded(x), bounded.bounded(y)
                    what = f"the images of {a} and {b} commute"
                    good = bounded.agree(bounded.product(p, q), bounded.product(q, p), what)
                if not good:
                    raise NotAHomomorphism(f"the images of {a} and {b}, of different factors of {self}, do not commute")

    def extend(self, images: Mapping[Generator, Image]) -> ProductExtension:
        return ProductExtension(self, images)

    def contains(self, g: tuple[Element, ...]) -> bool:
        return all(G.contains(x) for G, x in zip(self._factors, self.read_element(g), strict=True))

    def random(self, n: int, rng: np.random.Generator) -> tuple[Element, ...]:
        return tuple(G.random(n, rng) for G in self._factors)

    def check_element(self, g: object) -> tuple[Element, ...]:
        """g as a tuple of the factors' elements."""
        return tuple(G.check_element(x) for G, x in zip(self._factors, self._tuple(g), strict=True))

    def read_element(self, g: object, name: str = "g") -> tuple[Element, ...]:
        parts = zip(self._factors, self._tuple(g, name), strict=True)
        return tuple(G.read_element(x, f"{name}[{k}]") for k, (G, x) in enumerate(parts))

    def _tuple(self, g: object, name: str = "g") -> tuple[object, ...]:
        if not isinstance(g, tuple) or len(g) != len(self._factors):
            raise DimensionMismatch(
                f"{name}: an element of {self} is a tuple of {len(self._factors)} elements, got {shown(g)}"
            )
        return g

    @property
    def parts(self) -> tuple[Group, ...]:
        return self._factors

    def part(self, g: tuple[Element, ...], factor: int) -> Element:
        return g[factor]

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Element, ...]:
        return tuple(G.sample(n, rng) for G in self._factors)

    @property
    def essential_generators(self) -> tuple[Generator, ...]:
        return tuple(a.inside(k) for k, G in enumerate(self._factors) for a in G.essential_generators)

    @property
    def torsion(self) -> tuple[Element, ...]:
        one = [G.exact_identity() for G in self._factors]
        return tuple((*one[:k], h, *one[k + 1 :]) for k, G in enumerate(self._factors) for h in G.torsion)

    def __repr__(self) -> str:
        return f"ProductGroup({self.name!r})"
