"""Semidirect and wreath products, as permutations, with the embeddings of their parts and the projection on the complement."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from numbers import Integral

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, NotAHomomorphism, shown
from grouprep.groups.base import Generator, Word
from grouprep.groups.cosets import sorted_elements
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import Perm, invert
from grouprep.groups.product import FiniteProduct
from grouprep.groups.registry import member
from grouprep.linalg import Monomial
from grouprep.linalg.budget import IMAGES, require
from grouprep.typing import Integers

__all__ = ["SemidirectProduct", "SplitExtension", "WreathProduct", "symmetric_wreath"]


class SplitExtension(FiniteGroup):
    """A finite group N : K with a normal subgroup N and a complement K; abstract, with `SemidirectProduct` and `WreathProduct`."""

    normal: FiniteGroup
    complement: FiniteGroup

    @abstractmethod
    def split(self, g: Perm) -> tuple[Perm, Perm]:
        """(n, k), elements of N and K, with g = n k, of one element g."""

    @abstractmethod
    def joined(self, n: Perm, k: Perm) -> Perm:
        """The element n k."""

    @cached_property
    def embeddings(self) -> tuple[Homomorphism, Homomorphism]:
        """The homomorphisms of N and of K into the group."""
        N, K = self.normal, self.complement
        normal = [self.joined(n, K.identity()) for n in N.generators]
        return Homomorphism(N, self, normal), Homomorphism(
            K, self, [self.joined(N.identity(), k) for k in K.generators]
        )

    @cached_property
    def projection(self) -> Homomorphism:
        """The homomorphism n k -> k onto K."""
        return Homomorphism(self, self.complement, [self.split(g)[1] for g in self.generators])


class SemidirectProduct(SplitExtension):
    """The semidirect product N : K, of the pairs n k with k n = action(k)(n) k.

    It permutes the elements of N, n by multiplication from the left and k by its automorphism, and where an element of K but 1 acts
    trivially also the points of K.

    Parameters
    ----------
    N, K : finite groups; N has at most 200,000 elements.
    action : for each generator of K, in their order or by name, an automorphism of N: a Homomorphism N -> N, or the images of
        the generators of N.
    name : how it is printed; by default N:K.

    Raises
    ------
    NotAHomomorphism
        If an image is no automorphism, or the automorphisms break a relation of K.
    TooLarge
        If N cannot be listed.

    Examples
    --------
    >>> from grouprep import Cyclic, SemidirectProduct
    >>> C7, C3 = Cyclic(7), Cyclic(3)
    >>> r = C7.generators[0]
    >>> G = SemidirectProduct(C7, C3, [[r[r]]])
    >>> G.order, G.degree, len(G.conjugacy_classes)
    (21, 7, 5)
    """

    def __init__(
        self, N: FiniteGroup, K: FiniteGroup, action: Sequence[object] | Mapping[str, object], name: str = ""
    ) -> None:
        for what, value in (("N", N), ("K", K)):
            if not isinstance(value, FiniteGroup):
                raise GroupRepError(f"{what} must be a finite group such as Cyclic(7), got {shown(value)}")
        self.normal, self.complement = N, K
        self._elements = sorted_elements(N.elements)
        self._numbers = {row.tobytes(): k for k, row in enumerate(self._elements)}
        given = K.by_generator(action)
        self._action = tuple(self._automorphism(a, image) for a, image in given.items())
        K.prove_homomorphism({a: Monomial(p) for a, p in zip(K.generator_names, self._action, strict=True)})
        m = len(self._elements)
        self._faithful = FiniteGroup(self._action).order == K.order
        rest = 0 if self._faithful else K.degree
        require(
            (len(N.generators) + len(K.generators)) * (m + rest),
            IMAGES,
            f"the generators of {N}:{K} have images of points:",
        )
        perms = [_joined(self._translation(n), np.arange(rest)) for n in N.generators]
        perms += [_joined(p, k[:rest]) for p, k in zip(self._action, K.generators, strict=True)]
        super().__init__(
            perms,
            name=name or f"{N}:{K}",
            labels=_labels(N, K),
            order=int(N.order) * int(K.order),
            relators=self._relators(given),
        )

    def _translation(self, n: Perm) -> Integers:
        """The permutation x -> n x of the numbers of the elements of N."""
        return np.array([self._numbers[row.tobytes()] for row in n[self._elements]])

    def _automorphism(self, a: Generator, given: object) -> Perm:
        """The permutation of the elements of N by the automorphism that a generator of K acts by."""
        N, what = self.normal, f"action[{str(a)!r}]"
        if isinstance(given, Homomorphism):
            if given.source != N or given.target != N:
                raise DimensionMismatch(f"{what} maps {given}; an automorphism of {N} is needed")
            f = given
        elif isinstance(given, Iterable) and not isinstance(given, str):
            try:
                f = Homomorphism(N, N, given)  # type: ignore[arg-type]
            except GroupRepError as error:
                raise type(error)(f"{what}: {error}") from None
        else:
            raise GroupRepError(
                f"{what} must be the images of the generators of {N}, or a Homomorphism, got {shown(given)}"
            )
        if not f.is_surjective:
            raise NotAHomomorphism(f"{what} is no automorphism of {N}: its image has order {f.image().order}")
        images = [np.asarray(f.generator_image(b)) for b in N.generator_names]
        values = [N.identity()]
        for k, j in N.steps[1:]:
            values.append(images[k][values[j]])
        places = np.empty(len(values), dtype=np.int64)
        for g, value in zip(N.elements, values, strict=True):
            places[self._numbers[g.tobytes()]] = self._numbers[np.ascontiguousarray(value).tobytes()]
        places.setflags(write=False)
        return places

    def _relators(self, given: Mapping[Generator, object]) -> list[Word] | None:
        """Those of N and K, and k n k^-1 = the word of action(k)(n)."""
        N, K = self.normal, self.complement
        if N.relators is None or K.relators is None:
            return None
        shift = len(N.generators)
        words: list[Word] = [*N.relators, *(tuple((k + shift, e) for k, e in word) for word in K.relators)]
        for k, p in enumerate(self._action):
            for j, n in enumerate(N.generators):
                moved = N.word(self._elements[p[self._numbers[n.tobytes()]]])
                words.append(((k + shift, 1), (j, 1), (k + shift, -1), *((i, -e) for i, e in reversed(moved))))
        return words

    @cached_property
    def _automorphisms(self) -> tuple[Perm, dict[bytes, Perm]]:
        """The automorphism, on the numbers of N's elements, of each listed element of K; and back where K acts faithfully."""
        K = self.complement
        table = [np.arange(len(self._elements))]
        for k, j in K.steps[1:]:
            table.append(self._action[k][table[j]])
        return np.array(table), {p.tobytes(): k for p, k in zip(table, K.elements, strict=True)}

    def act(self, k: Perm, n: Perm) -> Perm:
        """k n k^-1, an element of N, for an element k of K and n of N."""
        automorphism = self._automorphisms[0][int(self.complement.index(k))]
        moved: Perm = self._elements[automorphism[self._numbers[np.ascontiguousarray(n).tobytes()]]]
        return moved

    def split(self, g: Perm) -> tuple[Perm, Perm]:
        g = self.read_element(g)
        m = len(self._elements)
        n = self._elements[g[0]]  # the least element of N is 1, which k keeps
        if not self._faithful:
            return n, g[m:] - m
        automorphism = self._translation(invert(n))[g[:m]]
        k = self._automorphisms[1].get(np.ascontiguousarray(automorphism).tobytes())
        if k is None:
            raise GroupRepError(f"the permutation {g.tolist()!r:.60} does not lie in {self}")
        return n, k

    def joined(self, n: Perm, k: Perm) -> Perm:
        automorphism = self._automorphisms[0][int(self.complement.index(k))]
        rest = np.arange(0) if self._faithful else np.asarray(k)
        return _joined(self._translation(n)[automorphism], rest)

    def key(self) -> tuple[object, ...]:
        return self.normal, self.complement, tuple(p.tobytes() for p in self._action)

    def to_dict(self) -> dict[str, object]:
        """Plain data: the parts, and the images of N's generators under each of K's."""
        plain = super().to_dict()
        if "catalogue" in plain:
            return plain
        N = self.normal
        action = [[self._elements[p[self._numbers[n.tobytes()]]].tolist() for n in N.generators] for p in self._action]
        parts = {"normal": N.to_dict(), "complement": self.complement.to_dict(), "action": action}
        return {"name": self.name, "semidirect": parts}


class WreathProduct(SplitExtension):
    """The wreath product G wr K: K permutes its n points, and G^n acts, a copy at each of them.

    It permutes the pairs (i, x) of a point of K and a point of G, in this order, point (i, x) being i * degree(G) + x.

    Parameters
    ----------
    G, K : finite groups; K permutes the copies of G as it permutes its points.
    name : how it is printed; by default "G wr K".

    Raises
    ------
    GroupRepError
        If one of them is no finite group.

    Examples
    --------
    >>> from grouprep import Cyclic, Symmetric, WreathProduct
    >>> WreathProduct(Cyclic(2), Symmetric(4)).order
    384
    """

    def __init__(self, G: FiniteGroup, K: FiniteGroup, name: str = "") -> None:
        for what, value in (("G", G), ("K", K)):
            if not isinstance(value, FiniteGroup):
                raise GroupRepError(f"{what} must be a finite group such as Symmetric(3), got {shown(value)}")
        d, n = G.degree, K.degree
        self.base, self.complement = G, K
        first = [min(orbit) for orbit in _orbits(K)]
        count = len(first) * len(G.generators) + len(K.generators)
        require(count * d * n, IMAGES, f"the generators of {G} wr {K} have images of points:")
        perms = []
        for i in first:
            for p in G.generators:
                whole = np.arange(d * n)
                whole[i * d : (i + 1) * d] = i * d + p
                perms.append(_joined(whole, np.arange(0)))
        perms += [_joined((k[:, None] * d + np.arange(d)).ravel(), np.arange(0)) for k in K.generators]
        labels = _labels(G, K) if len(first) == 1 else None
        super().__init__(perms, name=name or f"{G} wr {K}", labels=labels, order=int(G.order) ** n * int(K.order))

    @cached_property
    def normal(self) -> FiniteGroup:  # type: ignore[override]
        """The direct product of the copies of G."""
        return FiniteProduct([self.base] * self.complement.degree)

    def split(self, g: Perm) -> tuple[Perm, Perm]:
        g = self.read_element(g)
        d = self.base.degree
        blocks = g.reshape(-1, d)
        k = blocks[:, 0] // d
        n = np.empty_like(g).reshape(-1, d)
        n[k] = blocks
        return n.ravel(), k

    def joined(self, n: Perm, k: Perm) -> Perm:
        d = self.base.degree
        return _joined(np.asarray(n)[(np.asarray(k)[:, None] * d + np.arange(d)).ravel()], np.arange(0))

    def key(self) -> tuple[object, ...]:
        return self.base, self.complement

    def to_dict(self) -> dict[str, object]:
        """Plain data: the two groups."""
        plain = super().to_dict()
        if "catalogue" in plain:
            return plain
        return {"name": self.name, "wreath": [self.base.to_dict(), self.complement.to_dict()]}


def symmetric_wreath(G: FiniteGroup, n: int) -> WreathProduct:
    """See `FiniteGroup.wreath`."""
    if isinstance(n, bool) or not isinstance(n, Integral) or not 1 <= int(n) <= 10_000:
        raise GroupRepError(f"wreath(n) needs an integer n from 1 to 10,000, got {shown(n)}")
    S = member(f"S{int(n)}")
    assert isinstance(S, FiniteGroup)
    return WreathProduct(G, S)


def _joined(p: Integers, q: Integers) -> Perm:
    """A permutation of the points of two sets."""
    whole = np.concatenate([p, q + len(p)]).astype(np.int64)
    whole.setflags(write=False)
    return whole


def _labels(N: FiniteGroup, K: FiniteGroup) -> list[str]:
    """The names of the generators of both, those of K with a prime where N has them too."""
    first, taken = [str(a) for a in N.generator_names], {str(a) for a in N.generator_names}
    out = []
    for a in map(str, K.generator_names):
        while a in taken:
            a += "'"
        taken.add(a)
        out.append(a)
    return first + out


def _orbits(K: FiniteGroup) -> list[set[int]]:
    """The orbits of the points."""
    left, out = set(range(K.degree)), []
    while left:
        orbit = [min(left)]
        for x in orbit:
            orbit += [y for y in {int(p[x]) for p in K.generators} if y not in orbit]
        out.append(set(orbit))
        left -= set(orbit)
    return out
