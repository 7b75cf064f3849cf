"""Images of a finite group's generators: proving that they define a representation, and its values at elements."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import NotAHomomorphism, UnsupportedGroup
from grouprep.groups.base import Generator, Word
from grouprep.groups.extension import Extension
from grouprep.groups.matrix_groups import act_on_vectors
from grouprep.groups.permutations import format_order, invert, sympy_group
from grouprep.groups.stabiliser_chain import stabiliser_chain
from grouprep.linalg import Image, Monomial, as_float, bounded
from grouprep.linalg import matrices as mat
from grouprep.linalg.budget import POINTS, require
from grouprep.linalg.monomial import common_modulus
from grouprep.typing import Array, Element, Integers

if TYPE_CHECKING:
    from sympy.combinatorics import PermutationGroup

    from grouprep.groups.finite import FiniteGroup

__all__ = ["FiniteExtension", "prove_finite", "rounded"]

_SEARCH_LIMIT = 20_000  # pairs visited to name a short broken relation


def word_string(word: Word, generators: Sequence[Generator]) -> str:
    """A word such as "r^4" or "r s r s"."""
    out: list[tuple[str, int]] = []
    for k, e in word:
        name = str(generators[k])
        if out and out[-1][0] == name:
            out[-1] = (name, out[-1][1] + e)
        else:
            out.append((name, e))
    return " ".join(f"{name}^{e}" if e != 1 else name for name, e in out) or "1"


def _evaluate(word: Word, images: Sequence[Image], inverses: dict[int, Image]) -> Image:
    """The product of exact images along a word."""
    value: Image = Monomial.identity(mat.size(images[0]))
    for k, e in word:
        if e < 0 and k not in inverses:
            inverses[k] = mat.inverse(images[k])
        value = mat.matmul(value, images[k] if e > 0 else inverses[k])
    return value


def prove_finite(G: FiniteGroup, images: Sequence[Image]) -> None:
    """See `Group.prove_homomorphism`; the images are in the order of the generators.

    Float images are compared with rigorous bounds: a relation that fails is refuted, one that holds within their rounding is
    accepted, one that they leave open raises AmbiguousRank. Nothing is proved of them.
    """
    for a, image in zip(G.generator_names, images, strict=True):
        if not mat.is_invertible(image):
            raise NotAHomomorphism(f"the image of {a} is singular; the matrices of a representation are invertible")
    if G.relators is not None:
        _check_relators(G, images)
    elif all(map(mat.is_exact, images)):
        _compare_orders(G, images)
    else:
        _check_cayley_graph(G, images)


def _check_relators(G: FiniteGroup, images: Sequence[Image]) -> None:
    exact = all(map(mat.is_exact, images))
    inverses: dict[int, Image] = {}
    one = Monomial.identity(mat.size(images[0]))
    floats = [] if exact else [bounded.bounded(a) for a in images]
    unit = bounded.Bounded(np.eye(len(one)), np.zeros((len(one), len(one))))
    for word in G.relators or ():
        relation = f"{word_string(word, G.generator_names)} = 1 of {G}"
        if exact:
            good = mat.equal(_evaluate(word, images, inverses), one)
        else:
            factors = (floats[k] if e > 0 else bounded.inverse(floats[k]) for k, e in word)
            good = bounded.agree(
                reduce(bounded.product, factors, unit), unit, f"the images keep the relation {relation}"
            )
        if not good:
            raise NotAHomomorphism(f"the images break the relation {relation}")


_ORBIT_LIMIT = 200_000  # vectors in the orbit of the standard basis under dense images


def _as_permutations(images: Sequence[Image], limit: int) -> list[Integers]:
    """The images as permutations of a finite set on which the group they generate acts faithfully."""
    if all(isinstance(a, Monomial) for a in images):
        modulus = common_modulus(*images)  # type: ignore[arg-type]
        require(modulus * mat.size(images[0]), POINTS, "basis vectors times roots of unity are")
        return [_lift(a, modulus) for a in images]  # type: ignore[arg-type]
    return list(act_on_vectors(images, None, max_points=limit)[0])


def _lift(a: Monomial, modulus: int) -> Integers:
    """The permutation of the pairs (basis vector, root of unity)."""
    powers = np.arange(modulus)
    return (a.perm[:, None] * modulus + (a.exponents(modulus)[:, None] + powers) % modulus).ravel()


def _pairs(G: FiniteGroup, images: Sequence[Image]) -> list[Integers]:
    try:
        most = G.order * mat.size(images[0])  # an image of G moves each basis vector to at most |G| others
        lifted = _as_permutations(images, min(most, _ORBIT_LIMIT) + 1)
    except UnsupportedGroup as error:
        if "more than" in str(error) and most > _ORBIT_LIMIT:
            raise UnsupportedGroup(
                f"the images of {G} move basis vectors to more than {_ORBIT_LIMIT:,} others"
            ) from None
        raise NotAHomomorphism(f"the images generate a larger group than {G}: {error}") from None
    return [np.concatenate([p, q + G.degree]) for p, q in zip(G.generators, lifted, strict=True)]


def _compare_orders(G: FiniteGroup, images: Sequence[Image]) -> None:
    """g -> rho(g) is a homomorphism iff the group of the pairs (g, rho(g)) is no larger than G."""
    pairs = _pairs(G, images)
    chain = stabiliser_chain(pairs)
    order = int(sympy_group(pairs).order()) if chain is None else chain.order
    if order != G.order:
        broken = _broken_relation(G, pairs)
        raise NotAHomomorphism(
            f"the images break the relation {broken} of {G}"
            if broken
            else f"the pairs (g, image of g) generate a group of order {format_order(order)}, not {format_order(G.order)} as {G}"
        )


def _broken_relation(G: FiniteGroup, pairs: Sequence[Integers]) -> str:
    """A shortest word that is 1 in G and not 1 in the images, looked for breadth-first."""
    start = np.arange(len(pairs[0]))
    seen: dict[bytes, tuple[Integers, Word]] = {start[: G.degree].tobytes(): (start, ())}
    queue: deque[tuple[Integers, Word]] = deque([(start, ())])
    while queue and len(seen) < _SEARCH_LIMIT:
        element, word = queue.popleft()
        for k, p in enumerate(pairs):
            new = element[p]
            longer: Word = (*word, (k, 1))
            known = seen.get(new[: G.degree].tobytes())
            if known is None:
                seen[new[: G.degree].tobytes()] = (new, longer)
                queue.append((new, longer))
            elif not np.array_equal(known[0], new):
                return f"{word_string(longer, G.generator_names)} = {word_string(known[1], G.generator_names)}"
    return ""


def _check_cayley_graph(G: FiniteGroup, images: Sequence[Image]) -> None:
    """Float images of a listed group: every edge of the Cayley graph, to rounding."""
    if G.order > 2_000:
        raise UnsupportedGroup(
            f"float images cannot be checked for {G} with {format_order(G.order)} elements; give exact matrices"
        )
    floats = [bounded.bounded(a) for a in images]
    n = len(floats[0].value)
    values = [bounded.Bounded(np.eye(n), np.zeros((n, n)))]
    for k, j in G.steps[1:]:
        values.append(bounded.product(floats[k], values[j]))
    for k, row in enumerate(G.left_multiplication):
        for j, target in enumerate(row.tolist()):
            if G.steps[target] == (k, j):
                continue
            left = word_string(((k, 1), *G.word(G.elements[j])), G.generator_names)
            relation = f"{left} = {word_string(G.word(G.elements[target]), G.generator_names)} of {G}"
            product = bounded.product(floats[k], values[j])
            if not bounded.agree(product, values[target], f"the images keep the relation {relation}"):
                raise NotAHomomorphism(f"the images break the relation {relation}")


class FiniteExtension(Extension):
    """Products along the listing of the elements, or for huge groups a sift through the stabiliser chain."""

    group: FiniteGroup

    def __init__(self, group: FiniteGroup, images: Mapping[Generator, Image]) -> None:
        super().__init__(group, images)
        self._values: dict[int, Image] = {}

    def __getstate__(self) -> dict[str, object]:
        """Without the values found so far, which a copy or file need not carry."""
        return {"group": self.group, "images": self.images, "_values": {}}

    def exact(self, g: Element) -> Image:
        g = self.group.check_element(g)
        return self._numbered(int(self.group.index(g))) if self.group.is_listed else self._sifted(g)

    def floats(self, g: Element) -> Array:
        values = rounded(self.exact, g, self.dim)
        return values.real if self.is_real else values  # products of real matrices, written over a complex field

    def _numbered(self, number: int) -> Image:
        chain = []
        while number and number not in self._values:
            chain.append(number)
            number = self.group.steps[number][1]
        value: Image = self._values[number] if number else Monomial.identity(self.dim)
        for number in reversed(chain):
            generator = self.group.generator_names[self.group.steps[number][0]]
            value = self._values[number] = mat.matmul(self.images[generator], value)
        return value

    @cached_property
    def _pairs(self) -> tuple[PermutationGroup, int]:
        """The proved group of pairs (g, rho(g)) of monomial images, as permutations, and the modulus of their roots of unity."""
        ordered = [self.images[a] for a in self.group.generator_names]
        if not all(isinstance(m, Monomial) for m in ordered):
            raise UnsupportedGroup(f"{self.group} is too large for values of a representation given by dense matrices")
        return sympy_group(_pairs(self.group, ordered)), common_modulus(*ordered)  # type: ignore[arg-type]

    def _sifted(self, g: Integers) -> Monomial:
        """rho(g), by writing g through the stabiliser chain of the group of pairs, whose base lies among the points of G."""
        pairs, modulus = self._pairs
        degree = len(g)
        element, rest = np.arange(pairs.degree), np.asarray(g)
        for base, transversal in zip(pairs.base, pairs.basic_transversals, strict=True):
            step = np.array(transversal[int(rest[base])].array_form)
            element = element[step]
            rest = invert(step[:degree])[rest]
        lifted = (element[degree:] - degree)[::modulus]
        return Monomial(lifted // modulus, lifted % modulus, modulus)


def rounded(exact: Callable[[Integers], Image], g: Integers, dim: int) -> Array:
    """Exact matrices at finite group elements (..., degree) in floats, each distinct one computed and rounded once."""
    distinct, where = np.unique(g.reshape(-1, g.shape[-1]), axis=0, return_inverse=True)
    values = np.array([as_float(exact(row)) for row in distinct])
    out: Array = values[where.ravel()].reshape(*g.shape[:-1], dim, dim)
    return out
