"""Groups and representations of emlp as ours, and ours as emlp's.

emlp's operators from V to W are W * V.T with columns that reshape row-major to (dim W, dim V), its tensor products are
Kronecker products, and its sums and products keep the user's order by a permutation of a canonical form; all of this is kept.
emlp compares groups by how they print; here every group is read from its generators, and equal means equal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

try:
    import emlp as _emlp  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("emlp", "six"):
        raise
    raise ModuleNotFoundError(
        "grouprep.interop.emlp needs emlp and six: pip install 'grouprep[emlp]'", name="emlp"
    ) from None

from emlp import groups as emlp_groups
from emlp.reps import product_sum_reps as sums
from emlp.reps import representation as reps
from emlp.reps.linear_operators import I as Identity
from emlp.reps.linear_operators import LazyKron, LazyKronsum, densify

from grouprep.errors import GroupRepError
from grouprep.groups import FiniteGroup, Group, LieGroup
from grouprep.groups.cartan import coordinates
from grouprep.groups.product import direct_product
from grouprep.groups.registry import families
from grouprep.interop._recognise import recognise
from grouprep.interop._to_emlp import make_group, make_representation
from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.matrices import equal
from grouprep.representations import Representation
from grouprep.typing import Array, Integers

__all__ = ["group_from_emlp", "group_to_emlp", "representation_from_emlp", "representation_to_emlp"]

Operator: TypeAlias = Any  # a matrix, or one of emlp's lazy operators

Leaf = tuple[Group, Representation]  # a group that is no product, and what emlp's V is of it

SOURCE = "_grouprep_group"  # the attribute of an emlp group that was made from ours

# --- groups


def group_from_emlp(G: emlp_groups.Group) -> Group:
    """The group of an emlp group: one of the catalogue where its matrices are exactly those, else from exact generators.

    Parameters
    ----------
    G : an emlp group such as emlp.groups.SO(3), S(4), D(8), SO13p(), Cube(), RubiksCube(), or a product of such.

    Returns
    -------
    A FiniteGroup for emlp groups without a Lie algebra, else a LieGroup; a direct product for a product.
    `representation_from_emlp(V(G))` is the representation on G's own vectors: `defining()`, for permutations `natural()`, for
    products the tensor product of the factors' ones.

    Raises
    ------
    GroupRepError
        If G is no emlp group, or a generator has an entry that cannot be recognised as an exact number.

    Examples
    --------
    >>> from emlp.groups import SO, SO13p, D
    >>> group_from_emlp(SO(3)) == group_from_emlp(SO(3)), group_from_emlp(D(8)).order
    (True, 16)
    >>> group_from_emlp(SO13p())
    LieGroup('SO13p', n=4, generators=6, components=0)

    References
    ----------
    M. Finzi, M. Welling, A. G. Wilson, A Practical Method for Constructing Equivariant Multilayer Perceptrons for Arbitrary
    Matrix Groups, ICML 2021, arXiv 2104.09459.
    """
    return _Context([G]).group


class _Context:
    """A product of the groups of some emlp groups, and what emlp's V of each of them is there."""

    def __init__(self, emlp_list: Sequence[emlp_groups.Group]) -> None:
        self._leaves: list[Leaf] = []
        self._places: list[tuple[tuple[Leaf, ...], int]] = []
        self._known: dict[int, int] = {}  # id of an emlp group, which is kept in _kept, to its place
        self._kept = list(emlp_list)
        for G in emlp_list:
            leaves = tuple(_leaves(G))
            place = next((k for k, (old, _) in enumerate(self._places) if old == leaves), None)
            if place is None:
                place = len(self._places)
                self._places.append((leaves, len(self._leaves)))
                self._leaves += leaves
            self._known[id(G)] = place
        self.group = self._leaves[0][0] if len(self._leaves) == 1 else direct_product([H for H, _ in self._leaves])

    def base(self, G: emlp_groups.Group) -> Representation:
        """The representation that emlp's V(G) is; G may be one of the groups given, or some factors of them in a row."""
        if id(G) in self._known:
            leaves, start = self._places[self._known[id(G)]]
        else:
            leaves = tuple(_leaves(G))
            rows = range(len(self._leaves) - len(leaves) + 1)
            start = next((k for k in rows if tuple(self._leaves[k : k + len(leaves)]) == leaves), -1)
            if start < 0:
                raise GroupRepError(f"{G!r} is not among the groups given, {[repr(H) for H in self._kept]}")
        if len(self._leaves) == 1:
            return leaves[0][1]
        return reduce(lambda V, W: V * W, [self.group.pullback(start + k, V) for k, (_, V) in enumerate(leaves)])


def _leaves(G: emlp_groups.Group) -> list[Leaf]:
    """The factors of an emlp group that are no products."""
    if not isinstance(G, emlp_groups.Group):
        raise GroupRepError(f"{G!r:.60} is no emlp group; give one such as emlp.groups.SO(3)")
    source = getattr(G, SOURCE, None)
    if source is not None:
        return [(H, H.defining()) for H in source.factors]
    names = list(G.names) if isinstance(G, emlp_groups.DirectProduct) else [repr(G)]
    return list(_split(list(G.lie_algebra), list(G.discrete_generators), int(G.d), names))


def _split(algebra: list[Operator], discrete: list[Operator], d: int, names: list[str]) -> Iterator[Leaf]:
    """Factors read off the lazy operators of emlp's direct products: A + 0, 0 + A, M (x) 1, 1 (x) M."""
    product = len(names) > 1
    pairs = [m for m in (*algebra, *discrete) if isinstance(m, LazyKron | LazyKronsum) and len(m.Ms) == 2]
    if not product or len(pairs) < len(algebra) + len(discrete):
        yield _leaf([_dense(a) for a in algebra], [_dense(h) for h in discrete], d, names[0])
        return
    sizes = [int(x.shape[0]) for x in pairs[0].Ms]
    for side in (0, 1):
        own_algebra = [a.Ms[side] for a in algebra if not _dense(a.Ms[1 - side]).any()]
        own_discrete = [h.Ms[side] for h in discrete if _is_identity(h.Ms[1 - side])]
        inner = names[side].split("x") if _is_product(own_algebra, own_discrete) else [names[side]]
        if len(inner) > 1:
            inner = ["x".join(inner[:-1]), inner[-1]]
        yield from _split(own_algebra, own_discrete, sizes[side], inner)


def _is_product(algebra: list[Operator], discrete: list[Operator]) -> bool:
    """Whether generators are those of a product inside a product."""
    generators = [*algebra, *discrete]
    if not generators or not all(isinstance(m, LazyKron | LazyKronsum) and len(m.Ms) == 2 for m in generators):
        return False
    zero = all(not _dense(a.Ms[0]).any() or not _dense(a.Ms[1]).any() for a in algebra)
    return zero and all(_is_identity(h.Ms[0]) or _is_identity(h.Ms[1]) for h in discrete)


def _is_identity(M: Operator) -> bool:
    return isinstance(M, Identity) or np.array_equal(_dense(M), np.eye(M.shape[0]))


def _dense(M: Operator) -> Array:
    return np.asarray(densify(M))


def _leaf(algebra: list[Array], discrete: list[Array], d: int, name: str) -> Leaf:
    if not algebra:
        if all(_is_permutation(h) for h in discrete):
            return _permutation_leaf([np.argmax(h, axis=0) for h in discrete] or [np.arange(d)], name)
        return _matrix_leaf([recognise(h, f"generator {i + 1} of {name}") for i, h in enumerate(discrete)], name)
    exact = [as_exact(recognise(a, f"Lie algebra generator {i + 1} of {name}")) for i, a in enumerate(algebra)]
    parts = [recognise(h, f"discrete generator {i + 1} of {name}") for i, h in enumerate(discrete)]
    G = LieGroup.from_algebra(exact, parts, name=name)
    candidate = _candidate(name)
    H = candidate if isinstance(candidate, LieGroup) and _same_lie_group(candidate, G) else G
    return H, H.defining()


def _is_permutation(h: Array) -> bool:
    return bool(np.isin(h, (0, 1)).all() and (h.sum(0) == 1).all() and (h.sum(1) == 1).all())


def _candidate(name: str) -> Group | None:
    """What emlp's name means here; taken only if its matrices are exactly those of the emlp group."""
    found = re.fullmatch(r"(\w+)(?:\((\d+)\))?", name)
    names = [F.neighbours["emlp"] for F in families() if "emlp" in F.neighbours]
    constructor = next((known[found[1]] for known in names if found[1] in known), None) if found else None
    if found is None or constructor is None:
        return None
    try:
        return constructor(*(int(n) for n in found.groups()[1:] if n is not None))
    except (GroupRepError, TypeError):  # no such group, or a name without its number
        return None


def _permutation_leaf(perms: list[Array], name: str) -> Leaf:
    G = FiniteGroup.from_permutations(perms, name=name)
    H = _candidate(name)
    if H is not None and (H.order, len(H.identity())) == (G.order, G.degree) and all(map(H.contains, perms)):
        return H, H.natural()
    return G, G.natural()


def _matrix_leaf(matrices: list[Image], name: str) -> Leaf:
    G = FiniteGroup.from_matrices(
        dict(zip([f"g{i + 1}" for i in range(len(matrices))], matrices, strict=True)), name=name
    )
    H = _candidate(name)
    if H is not None and H.order == G.order and H.defining().dim == G.defining().dim:
        V = H.defining()
        if all(any(equal(V.exact_image(g), m) for g in H.elements) for m in matrices):
            return H, V
    return G, G.defining()


def _same_lie_group(H: LieGroup, G: LieGroup) -> bool:
    """Whether two groups of matrices are the same: the same span of generators, the same discrete elements."""
    if H.n != G.n or len(H.algebra) != len(G.algebra) or bool(H.components) != bool(G.components):
        return False
    basis = [as_exact(a) for a in H.algebra]
    if any(coordinates(basis, as_exact(a)) is None for a in G.algebra):
        return False
    if not H.components:
        return True
    ours, theirs = ([F.defining().exact_image(g) for g in F.elements] for F in (H.component_group, G.component_group))
    return len(ours) == len(theirs) and all(any(equal(h, g) for h in ours) for g in theirs)


# --- representations from emlp


def representation_from_emlp(
    rep: reps.Rep, group: emlp_groups.Group | Sequence[emlp_groups.Group] | None = None
) -> Representation:
    """The representation of an emlp rep, in the rep's own basis: rep.rho_dense(g) = V(g).

    Parameters
    ----------
    rep : an emlp rep made from V, Scalar, T(p, q) with +, *, integer multiples, powers, .T, >>, <<, for one group or several.
    group : an emlp group, or a sequence of them whose product is meant. Needed where the rep does not name its group (V, T(2),
        Scalar), and to have a rep of one factor as one of a product.

    Returns
    -------
    Sums and tensor products where the basis is in their order; otherwise the same in another order (`change_basis`).

    Raises
    ------
    GroupRepError
        If the rep names no group and none is given, or it is of a kind that is not known here.

    Examples
    --------
    >>> from emlp.groups import SO
    >>> from emlp.reps import Scalar, T, V
    >>> representation_from_emlp((V + Scalar + T(2))(SO(3)))
    <defining + trivial + defining^2 of SO(3), dim 13>
    >>> representation_from_emlp(T(2), SO(3)).group
    LieGroup('SO(3)', n=3, generators=3, components=0)
    """
    if not isinstance(rep, reps.Rep):
        raise GroupRepError(f"{rep!r:.60} is no emlp rep; give one such as V(SO(3))")
    given = [] if group is None else list(group) if isinstance(group, list | tuple) else [group]
    if not _is_concrete(rep):
        if len(given) != 1:
            raise GroupRepError(f"the emlp rep {rep} names no group; give rep(G), or group=G")
        rep = rep(given[0])
    found = given or list(_groups_of(rep))
    if not found:
        raise GroupRepError(f"the emlp rep {rep} names no group; give group=G")
    context = _Context(found)
    return _arranged(rep, np.arange(rep.size()), context)


def _is_concrete(rep: reps.Rep) -> bool:
    return bool(rep.concrete) and not (isinstance(rep, reps.Base) and rep.G is None)


def _groups_of(rep: reps.Rep) -> Iterator[emlp_groups.Group]:
    """The emlp groups that a rep names, those of larger reps last, each as often as it occurs."""
    if isinstance(rep, sums.SumRep | sums.ProductRep):
        for part in sorted(rep.reps, key=repr) if isinstance(rep, sums.SumRep) else _in_order(rep):
            yield from _groups_of(part)
    elif getattr(rep, "G", None) is not None:
        yield rep.G


def _in_order(rep: reps.Rep) -> list[reps.Rep]:
    """The factors of a product in the user's order where there is one."""
    factors = [part for part, n in rep.reps.items() for _ in range(n)]
    order = _axes([part.size() for part in factors], np.asarray(rep.perm))
    return sorted(factors, key=repr) if order is None else [factors[k] for k in order]


def _arranged(rep: reps.Rep, order: Integers, context: _Context) -> Representation:
    """The representation whose entry order[j] is entry j of the rep."""
    if isinstance(rep, sums.SumRep):
        return _arranged_sum(rep, order[np.asarray(rep.perm)], context)
    if isinstance(rep, sums.ProductRep):
        return _arranged_product(rep, order[np.asarray(rep.perm)], context)
    return _reordered(_single(rep, context), order)


def _single(rep: reps.Rep, context: _Context) -> Representation:
    if isinstance(rep, reps.ScalarRep):
        return context.group.trivial()
    if isinstance(rep, reps.Base):
        return context.base(rep.G)
    if isinstance(rep, reps.Dual):
        return _arranged(rep.rep, np.arange(rep.size()), context).dual
    source = getattr(rep, "source", None)
    if isinstance(source, Representation) and source.group == context.group:
        return source
    raise GroupRepError(
        f"the emlp rep {rep} is a {type(rep).__name__}, which is not known here; known are V, Scalar, T(p, q), sums, products, "
        "multiples and duals of these. Representation(G, images=...) makes one from its matrices"
    )


def _reordered(V: Representation, order: Integers) -> Representation:
    return V if np.array_equal(order, np.arange(len(order))) else V.change_basis(Monomial(order))


def _arranged_sum(rep: reps.Rep, order: Integers, context: _Context) -> Representation:
    """Summands in the user's order if each fills a range of entries, else the canonical sum, reordered."""
    pieces = []
    start = 0
    for part, n in rep.reps.items():
        for _ in range(n):
            pieces.append((part, order[start : start + part.size()]))
            start += part.size()
    if all(np.ptp(place) == len(place) - 1 for _, place in pieces):
        pieces.sort(key=lambda piece: int(piece[1].min()))
        return reduce(lambda V, W: V + W, [_arranged(part, place - place.min(), context) for part, place in pieces])
    canonical = [_arranged(part, np.arange(part.size()), context) for part, _ in pieces]
    return _reordered(reduce(lambda V, W: V + W, canonical), order)


def _arranged_product(rep: reps.Rep, order: Integers, context: _Context) -> Representation:
    """Factors in the order in which the entries run over them if there is one, else the canonical product, reordered."""
    factors = [part for part, n in rep.reps.items() for _ in range(n)]
    found = [_arranged(part, np.arange(part.size()), context) for part in factors]
    axes = _axes([part.size() for part in factors], order)
    if axes is not None:
        return reduce(lambda V, W: V * W, [found[k] for k in axes])
    return _reordered(reduce(lambda V, W: V * W, found), order)


def _axes(sizes: list[int], order: Integers) -> list[int] | None:
    """An order of the factors in whose Kronecker product entry order[j] is entry j of the product as it stands."""
    count = math.prod(sizes)
    # The stride of a factor's index is the place of the entry with a 1 there.
    strides = []
    for k, n in enumerate(sizes):
        inner = math.prod(sizes[k + 1 :])
        strides.append(int(order[inner]) if n > 1 else 0)
    axes = sorted(range(len(sizes)), key=lambda k: (-strides[k], k))
    grid = np.arange(count).reshape([sizes[k] for k in axes])
    inverse = np.argsort(axes)
    return axes if np.array_equal(grid.transpose(inverse).ravel(), order) else None


# --- to emlp


def group_to_emlp(G: Group) -> emlp_groups.Group:
    """The emlp group with the float matrices of a group's generators; of a direct product, emlp's product of the factors' ones.

    emlp's V of it is G.defining(), for a product the tensor product of the factors' ones. It prints with a digest of its
    generators, because emlp takes groups for equal that print alike.

    Raises
    ------
    GroupRepError
        If G is no group of grouprep.

    Examples
    --------
    >>> from emlp.reps import V
    >>> from grouprep import Dihedral
    >>> (V >> V)(group_to_emlp(Dihedral(4))).equivariant_basis().shape
    (4, 1)
    """
    if not isinstance(G, Group):
        raise GroupRepError(f"{G!r:.60} is no group of grouprep")
    return make_group(G)


def representation_to_emlp(V: Representation) -> reps.Rep:
    """The emlp rep of a representation, in the same basis: sums, tensor products, duals and multiples of emlp's own reps.

    Anything else (symmetric powers, regular representations, images) becomes an emlp rep that knows the matrices.

    Raises
    ------
    UnsupportedGroup
        If V is a representation of a direct product that is not made from those of its factors.

    Examples
    --------
    >>> from grouprep import SO
    >>> V = SO(3).defining()
    >>> representation_to_emlp(2 * V + V.symmetric_power(2)).size()
    12
    """
    if not isinstance(V, Representation):
        raise GroupRepError(f"{V!r:.60} is no representation of grouprep")
    return make_representation(V)
