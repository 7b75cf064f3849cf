"""Laws that every group obeys: axioms, order, classes, words, relations, sampling, plain data."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups import FiniteGroup, Group, LieGroup
from grouprep.groups.files import group_from_dict
from grouprep.groups.finite import LISTING_LIMIT
from grouprep.linalg import as_float
from grouprep.testing.bounds import gamma, norm, require, require_equal
from grouprep.testing.elements import draw, same_elements, take
from grouprep.testing.laws import INFINITE, DoesNotApply, law, laws, require_laws, run_laws
from grouprep.typing import Element

__all__ = [
    "GROUP_LAWS",
    "check_axioms",
    "check_conjugacy_classes",
    "check_copies",
    "check_group",
    "check_group_data",
    "check_order",
    "check_relations",
    "check_sampling",
    "check_words",
]

_LISTED = 5_000  # elements up to which the laws go through all of them


@law("group")
def check_axioms(G: Group, rng: np.random.Generator) -> None:
    """Associativity, the neutral element, inverses and (g h)^-1 = h^-1 g^-1, on random elements and on stacks of them."""
    g, h, k = (draw(G, 4, rng) for _ in range(3))
    one = G.identity()
    pairs = {
        "(g h) k = g (h k)": (G.multiply(G.multiply(g, h), k), G.multiply(g, G.multiply(h, k)), 4),
        "g 1 = g": (G.multiply(g, one), g, 1),
        "1 g = g": (G.multiply(one, g), g, 1),
        "g^-1^-1 = g": (G.inverse(G.inverse(g)), g, 2),
        "(g h)^-1 = h^-1 g^-1": (G.inverse(G.multiply(g, h)), G.multiply(G.inverse(h), G.inverse(g)), 4),
    }
    for axiom, (left, right, steps) in pairs.items():
        require(same_elements(G, left, right, steps), f"{G}: {axiom} fails")
    for x in (G.multiply(g, G.inverse(g)), G.multiply(G.inverse(g), g)):
        for i in range(4):
            require(same_elements(G, take(x, i), one, 2), f"{G}: g g^-1 = 1 fails")
    for i in range(4):
        single = G.multiply(take(g, i), take(h, i))
        require(
            same_elements(G, take(G.multiply(g, h), i), single, 1), f"{G}: products of a stack differ from single ones"
        )


@law("group")
def check_order(G: Group, rng: np.random.Generator) -> None:
    """The order is the number of elements, Schreier-Sims agrees, and orders of elements divide it; infinite for Lie groups."""
    if not isinstance(G, FiniteGroup):
        require(not G.is_finite, f"{G} is not finite, but has order {G.order}")
        return
    require(isinstance(G.order, int), f"{G}: the order {G.order!r} is not an int")
    if G.order <= LISTING_LIMIT:
        table = G.elements
        require_equal(table.shape, (G.order, G.degree), f"{G}: shape of elements")
        require_equal(len({row.tobytes() for row in table}), G.order, f"{G}: number of different elements")
        require(np.array_equal(table[0], G.identity()), f"{G}: the first element is not the identity")
        require(np.array_equal(G.index(table), np.arange(G.order)), f"{G}: index does not invert elements")
    if G.degree <= 500:
        require_equal(int(G.schreier_sims.order()), G.order, f"{G}: order by Schreier-Sims")
    for g in draw(G, 4, rng):
        power, count = g, 1
        while not np.array_equal(power, G.identity()):
            power, count = G.multiply(g, power), count + 1
        require_equal(G.order % count, 0, f"{G}: order of the group modulo that of an element ({count})")


@law("group")
def check_conjugacy_classes(G: Group, rng: np.random.Generator) -> DoesNotApply | None:
    """The classes partition the group, are closed under conjugation and single orbits of it; the identity's is first."""
    if not isinstance(G, FiniteGroup):
        return DoesNotApply(INFINITE)
    if G.order > _LISTED:
        return DoesNotApply(f"more than {_LISTED:,} elements")
    classes = G.conjugacy_classes
    members = np.sort(np.concatenate(classes))
    require(np.array_equal(members, np.arange(G.order)), f"{G}: the classes do not partition the group")
    require_equal(classes[0].tolist(), [0], f"{G}: class of the identity")
    label = np.empty(G.order, dtype=np.int64)
    for k, numbers in enumerate(classes):
        label[numbers] = k
        g = G.elements[numbers[0]]
        orbit = np.unique(G.index(G.multiply(G.multiply(G.elements, g), G.inverse(G.elements))))
        require(
            np.array_equal(orbit, np.sort(numbers)), f"{G}: class {k} is not the set of conjugates of its first element"
        )
    g, h = draw(G, 8, rng), draw(G, 8, rng)
    moved = G.multiply(G.multiply(h, g), G.inverse(h))
    require(np.array_equal(label[G.index(g)], label[G.index(moved)]), f"{G}: a conjugate lies in another class")
    return None


def _evaluate(G: FiniteGroup, word: Sequence[tuple[int, int]]) -> Element:
    value = G.identity()
    for k, e in word:
        step = G.generators[k] if e > 0 else G.inverse(G.generators[k])
        for _ in range(abs(e)):
            value = G.multiply(value, step)
    return value


@law("group")
def check_words(G: Group, rng: np.random.Generator) -> DoesNotApply | None:
    """word(g) multiplies out to g, and generators are the generators' elements."""
    if not isinstance(G, FiniteGroup):
        return DoesNotApply(INFINITE)
    require_equal(len(G.generator_names), len(G.generators), f"{G}: number of generators")
    if G.order > LISTING_LIMIT:
        return DoesNotApply(f"more than {LISTING_LIMIT:,} elements")
    for g in [G.identity(), *G.generators, *draw(G, 6, rng)]:
        word = G.word(g)
        require(np.array_equal(_evaluate(G, word), g), f"{G}: word({g.tolist()}) = {word} gives another element")
    return None


@law("group")
def check_relations(G: Group, rng: np.random.Generator) -> DoesNotApply | None:
    """The relators that a finite group knows equal 1."""
    if not isinstance(G, FiniteGroup):
        return DoesNotApply(INFINITE)
    if not G.relators:
        return DoesNotApply("no relators are known")
    for word in G.relators:
        value = _evaluate(G, word)
        require(np.array_equal(value, G.identity()), f"{G}: the relator {word} is not 1")
    return None


@law("group")
def check_sampling(G: Group, rng: np.random.Generator) -> DoesNotApply | None:
    """Random elements lie in the group, and the mean of rho over Haar measure tends to the projection on invariants."""
    try:
        g = G.sample(400 if G.is_finite else 4000, rng)
    except GroupRepError:
        require(not isinstance(G, FiniteGroup), f"{G}: a finite group has no sample")
        return DoesNotApply("no sampler of Haar measure is known")
    if isinstance(G, FiniteGroup):
        require(all(G.contains(x) for x in g[:20]), f"{G}: a sample lies outside the group")
    V = G.defining()
    values = V(g)
    if V.gram is not None:
        form = as_float(V.gram)
        left = np.swapaxes(values.conj(), -1, -2) @ form @ values
        bound = gamma(4 * V.dim) * norm(values) ** 2 * norm(form)
        require(norm(left - form) <= bound, f"{G}: a sample does not preserve the invariant form")
    mean = values.mean(axis=0)
    # The mean of n samples is P + E with P V(g) = P = P^2; six standard deviations |V| / sqrt(n) of E are exceeded with
    # probability below 1e-7 (Hoeffding's inequality in Hilbert space).
    error = 6 * norm(values) / np.sqrt(len(values))
    require(
        norm(mean @ mean - mean) <= (2 * norm(mean) + 1 + 3 * error) * error,
        f"{G}: the mean of samples is no projector",
    )
    moved = mean @ values[:20]
    require(norm(moved - mean) <= (norm(values) + 1) * error, f"{G}: the mean of samples is not invariant")
    return None


@law("group")
def check_group_data(G: Group, rng: np.random.Generator) -> DoesNotApply | None:
    """The group is the one that its plain data describes."""
    if isinstance(G, LieGroup) and not G.is_exact:
        return DoesNotApply("the generators are floats")
    data = G.to_dict()
    found = group_from_dict(data)
    require_equal(found.order, G.order, f"{G}: order after a round trip through to_dict")
    require(found == G, f"{G}: group_from_dict(to_dict()) is another group: {data!r:.200}")
    return None


@law("group")
def check_copies(G: Group, rng: np.random.Generator) -> None:
    """Pickled and deep copies are equal, hash alike, and multiply alike."""
    for other in (pickle.loads(pickle.dumps(G)), copy.deepcopy(G), copy.copy(G)):
        require(other == G, f"{G}: a copy is not equal to it")
        require_equal(hash(other), hash(G), f"{G}: hash of a copy")
        g, h = draw(G, 2, np.random.default_rng(1)), draw(other, 2, np.random.default_rng(1))
        require(same_elements(G, g, h, 0), f"{G}: a copy samples other elements from the same generator")
    require(G != G * G, f"{G} is equal to its own square")


GROUP_LAWS = laws("group")


def check_group(G: Group, rng: np.random.Generator | int = 0) -> None:
    """All laws of groups on one group.

    Parameters
    ----------
    G : the group.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> check_group(Dihedral(5))
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("group", G, rng=lambda: generator))
