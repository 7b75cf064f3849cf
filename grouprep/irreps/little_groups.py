"""The irreps of N : K from those of N that extend to their stabilisers: Mackey's little groups, and wreath products.

K permutes the irreps of N. For one irrep t of each orbit, with the stabiliser K_t, t extends to N : K_t; its tensor products with the
irreps s of the little group K_t, inflated, induce all irreps of N : K, each once.

References
----------
Serre, Linear Representations of Finite Groups, 8.2 (N abelian); James and Kerber, The Representation Theory of the Symmetric
Group, chapter 4 (wreath products).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, reduce
from itertools import product
from math import prod

import numpy as np

from grouprep.groups.base import Generator, Group
from grouprep.groups.cosets import generated_by
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.finite_images import rounded
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import Perm, invert
from grouprep.groups.semidirect import SemidirectProduct, SplitExtension, WreathProduct
from grouprep.irreps.base import Field, Irrep
from grouprep.irreps.catalogue import find_family
from grouprep.irreps.finite.family import GeneralFamily, in_general
from grouprep.irreps.listed_family import ListedFamily, ListedIrrep
from grouprep.irreps.real_form import RealForm
from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.matrices import kron, matmul
from grouprep.representations.base import Representation
from grouprep.representations.basic import FiniteBasic
from grouprep.typing import Array, Element

__all__ = ["LittleGroupFamily", "semidirect_irreps", "wreath_irreps"]


class LittleGroupFamily(ListedFamily):
    """The irreps of N : K, labelled by an irrep of N and one of its little group."""

    @cached_property
    def _complex(self) -> list[ListedIrrep]:
        return [LittleGroupIrrep(self, V, label, k) for k, (label, V) in enumerate(self.representations.items())]

    @cached_property
    def general(self) -> GeneralFamily:
        """The irreps of the group by the general method, which finds them over the smallest field known."""
        return GeneralFamily(self.group)

    def find(self, label: object, field: Field) -> Irrep | None:
        """Also for a tuple of the two labels."""
        return super().find(f"({', '.join(map(str, label))})" if isinstance(label, tuple) else label, field)


class LittleGroupIrrep(ListedIrrep):
    """A complex irrep of a `LittleGroupFamily`."""

    family: LittleGroupFamily

    def rational(self) -> tuple[Representation, Array]:
        """Over Q where that of the little group's irrep is; else the form that the general method finds."""
        R, S = super().rational()
        rational = R.domain is not None and R.domain.get_field().is_QQ
        return (R, S) if rational else in_general(self, self.family.general)

    @property
    def real_form(self) -> Irrep:
        partner = self.conjugated
        return _RealForm(self if self.position <= partner.position else partner)


class _RealForm(RealForm):
    """The real irrep of an irrep of a `LittleGroupFamily`."""

    rho: LittleGroupIrrep

    def rational(self) -> tuple[Representation, Array]:
        return in_general(self, self.rho.family.general)


class _Extended(FiniteBasic):
    """The extension of an irrep of N to N : K_t, times an irrep of K_t; a subclass says the former.

    whole, group : N : K, and N : K_t on the same points.
    sigma : the irrep of K_t; parts : what the irrep of N is made from.
    """

    name = "extended"

    def __init__(
        self, whole: SplitExtension, group: FiniteGroup, sigma: Representation, parts: Sequence[Representation]
    ) -> None:
        super().__init__(group)
        self.whole, self.sigma, self.parts = whole, sigma, tuple(parts)

    @property
    def dim(self) -> int:
        return prod(V.dim for V in self.parts) * self.sigma.dim

    @abstractmethod
    def extension(self, n: Perm, k: Perm) -> Image:
        """The matrix of the extended irrep of N at n k, exact where the parts are."""

    def _value(self, g: Perm) -> Image:
        n, k = self.whole.split(g)
        return kron(self.extension(n, k), _at_element(self.sigma, k))

    @property
    def _inner(self) -> tuple[Representation, ...]:
        return *self.parts, self.sigma

    def image(self, generator: Generator) -> Image:
        g = self._group.generator_element(generator)
        return self.exact_image(g) if all(V.domain is not None for V in self._inner) else self.evaluate(g)

    def exact_image(self, g: Element) -> Image:
        return self._value(self._group.check_element(g))

    def evaluate(self, g: Element) -> Array:
        return rounded(self._value, g, self.dim)

    def _form(self) -> Image | None:
        known = [form for V in self._inner if (form := V.gram) is not None]
        return reduce(kron, known) if len(known) == len(self._inner) else None

    def rational(self) -> tuple[Representation, Array]:
        found = [V.rational() for V in self._inner]
        if all(R is V for V, (R, _) in zip(self._inner, found, strict=True)):
            return self, np.eye(self.dim)
        *parts, sigma = [R for R, _ in found]
        return type(self)(self.whole, self._group, sigma, parts), reduce(np.kron, [S for _, S in found])

    def _key(self) -> tuple[object, ...]:
        return self.whole, self.sigma, self.parts


class _Character(_Extended):
    """A one-dimensional irrep of N: n k -> chi(n)."""

    def extension(self, n: Perm, k: Perm) -> Image:
        return _at_element(self.parts[0], n)


class _TensorProduct(_Extended):
    """A product of irreps of G, one at each point of K: K_t permutes the tensor factors."""

    def extension(self, n: Perm, k: Perm) -> Image:
        """(k v)_k(i) = v_i, then each factor by its component of n."""
        d = len(n) // len(self.parts)
        elements = np.asarray(n).reshape(-1, d) - d * np.arange(len(self.parts))[:, None]
        matrices = [_at_element(V, g) for V, g in zip(self.parts, elements, strict=True)]
        dims = [V.dim for V in self.parts]
        words = np.array(list(product(*map(range, dims)))).reshape(-1, len(dims))
        strides = np.array([prod(dims[i + 1 :]) for i in range(len(dims))])
        moved = words[:, invert(np.asarray(k))] @ strides
        return matmul(reduce(kron, matrices), Monomial(moved))


def _at_element(V: Representation, g: Perm) -> Image:
    """V(g), exact where V is."""
    return V.exact_image(g) if V.domain is not None else V(g)


def _little_groups(
    G: SplitExtension, stabiliser: FiniteGroup, generators: Sequence[Perm]
) -> tuple[list[Irrep], FiniteGroup] | None:
    """The irreps of a little group K_t, and N : K_t on the points of G, by generators of N; None if they are not known."""
    family = find_family(stabiliser)
    if family is None:
        return None
    index = int(G.complement.order) // int(stabiliser.order)
    lifted = [G.joined(G.normal.identity(), k) for k in stabiliser.generators]
    T = FiniteGroup((*generators, *lifted), name=f"N:{stabiliser}", order=int(G.order) // index)
    return family.irreps("complex", None), T


def _stabiliser(K: FiniteGroup, keeps: Sequence[bool] | Array) -> FiniteGroup:
    """The subgroup of the listed elements of K that a mask picks; K itself where it is that."""
    picked = K.elements[np.asarray(keeps)]
    return K if len(picked) == K.order else generated_by(picked, f"subgroup of {K}")


def semidirect_irreps(G: Group) -> LittleGroupFamily | None:
    """The irreps of N : K for abelian N by little groups; None for other groups, or where a little group's irreps are not known."""
    if not isinstance(G, SemidirectProduct):
        return None
    N, K = G.normal, G.complement
    family = find_family(N)
    if family is None or not K.is_listed or not G.is_listed:
        return None
    characters = family.irreps("complex", None)
    if len(characters) != N.order:
        return None  # not abelian
    elements = [N.read_element(n) for n in N.generators]
    place = {_values(chi, elements): c for c, chi in enumerate(characters)}
    moves = []  # chi -> (n -> chi(k n k^-1)) for each element k of K: chi o k
    for k in K.elements:
        images = [G.act(k, n) for n in elements]
        moves.append([place[_values(chi, images)] for chi in characters])
    orbits = np.array(moves)
    out: dict[str, Representation] = {}
    for c, chi in enumerate(characters):
        if orbits[:, c].min() < c:
            continue
        stabiliser = _stabiliser(K, orbits[:, c] == c)
        found = _little_groups(G, stabiliser, [G.joined(n, K.identity()) for n in N.generators])
        if found is None:
            return None
        irreps, T = found
        for sigma in irreps:
            out[f"({chi.label}, {sigma.label})"] = _Character(G, T, sigma, [chi]).induce(Homomorphism.inclusion(T, G))
    return LittleGroupFamily(G, out)


def _values(chi: Representation, elements: Sequence[Perm]) -> tuple[Fraction, ...]:
    """The values of a one-dimensional representation, as fractions of a turn."""
    images = [chi.exact_image(n) for n in elements]
    roots = [m if isinstance(m, Monomial) else Monomial.from_domain_matrix(as_exact(m)) for m in images]
    return tuple(Fraction(int(m.phase[0]), m.modulus) for m in roots if m is not None)


def wreath_irreps(G: Group) -> LittleGroupFamily | None:
    """The irreps of a wreath product; None for other groups, or where the irreps of G or of a little group are not known."""
    if not isinstance(G, WreathProduct):
        return None
    K, n = G.complement, G.complement.degree
    family = find_family(G.base)
    if family is None or not K.is_listed or not G.is_listed:
        return None
    irreps = family.irreps("complex", None)
    generators = [G.joined(_at(G, i, p), K.identity()) for i in range(n) for p in G.base.generators]
    out: dict[str, Representation] = {}
    for choice in product(range(len(irreps)), repeat=n):
        chosen = np.array(choice)
        moved = chosen[K.elements]  # the functions t o k
        if min(map(tuple, moved.tolist())) < choice:
            continue
        stabiliser = _stabiliser(K, (moved == chosen).all(axis=1))
        found = _little_groups(G, stabiliser, generators)
        if found is None:
            return None
        label = ".".join(irreps[i].label for i in choice)
        for sigma in found[0]:
            V = _TensorProduct(G, found[1], sigma, [irreps[i] for i in choice])
            out[f"({label}, {sigma.label})"] = V.induce(Homomorphism.inclusion(found[1], G))
    return LittleGroupFamily(G, out)


def _at(G: WreathProduct, i: int, p: Perm) -> Perm:
    """The element of the product of the copies of G with p in copy i."""
    d = G.base.degree
    whole = np.arange(d * G.complement.degree)
    whole[i * d : (i + 1) * d] = i * d + p
    return whole
