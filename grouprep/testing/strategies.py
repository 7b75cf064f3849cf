"""Hypothesis strategies: groups, representations of a group, and their expressions as text. Needs hypothesis."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from grouprep.families import SO, SU, Alternating, Cyclic, Dihedral, Lorentz, O, Quaternion, Symmetric, U
from grouprep.groups import FiniteGroup, Group, LieGroup
from grouprep.representations import Representation
from grouprep.representations.expression import parse_representation

__all__ = ["expressions", "finite_groups", "groups", "lie_groups", "representations"]

Term = tuple[str, int]  # the text of an expression and its dimension


@st.composite
def _permutation_groups(draw: st.DrawFn) -> FiniteGroup:
    degree = draw(st.integers(1, 5))
    generators = draw(st.lists(st.permutations(range(degree)), min_size=1, max_size=3))
    return FiniteGroup.from_permutations([list(p) for p in generators])


def finite_groups(max_order: int = 120) -> st.SearchStrategy[FiniteGroup]:
    """Finite groups of at most that order: shipped families, random permutation groups, and products of two.

    Examples
    --------
    In a test file::

        @given(finite_groups(max_order=8))
        def test_orders(G): ...
    """
    single = st.one_of(
        st.builds(Cyclic, st.integers(1, 12)),
        st.builds(Dihedral, st.integers(1, 8)),
        st.builds(Symmetric, st.integers(1, 5)),
        st.builds(Alternating, st.integers(1, 5)),
        st.builds(Quaternion),
        _permutation_groups(),
    )
    small = st.one_of(
        st.builds(Cyclic, st.integers(1, 3)), st.builds(Dihedral, st.integers(1, 3)), st.builds(Quaternion)
    )
    product = st.builds(lambda G, H: G * H, small, small)
    found: st.SearchStrategy[FiniteGroup] = st.one_of(single, product).filter(lambda G: G.order <= max_order)
    return found


def lie_groups(compact: bool = True) -> st.SearchStrategy[LieGroup]:
    """Lie groups with small defining representations, connected and not; with compact=False the Lorentz group too."""
    makers: list[Callable[[], LieGroup]] = [
        lambda: SO(2), lambda: SO(3), lambda: O(2), lambda: O(3), lambda: SU(2), lambda: U(1), lambda: U(2)
    ]  # fmt: skip
    if not compact:
        makers.append(Lorentz)
    return st.sampled_from(makers).map(lambda make: make())


def groups(max_order: int = 120) -> st.SearchStrategy[Group]:
    """Finite groups, compact Lie groups, and products of a small finite group and a Lie group."""
    mixed = st.builds(lambda G, H: G * H, finite_groups(max_order=8), lie_groups())
    return st.one_of(finite_groups(max_order), lie_groups(), mixed)


def _leaves(G: Group, max_dim: int) -> list[Term]:
    found = [("trivial", 1), ("defining", G.defining().dim)]
    if isinstance(G, FiniteGroup):
        found += [("natural", G.degree), ("regular", G.order)] if G.order <= max_dim else [("natural", G.degree)]
    if len(G.factors) > 1:
        found += [(f"factor({i}, {text})", d) for i, H in enumerate(G.factors) for text, d in _leaves(H, max_dim)[:2]]
    return [term for term in found if term[1] <= max_dim]


@st.composite
def _terms(draw: st.DrawFn, G: Group, max_dim: int, depth: int) -> Term:
    choices = ["leaf"] if depth == 0 else ["leaf", "sum", "product", "multiple", "power", "dual", "conj", "sym", "ext"]
    kind = draw(st.sampled_from(choices))
    if kind == "leaf":
        return draw(st.sampled_from(_leaves(G, max_dim)))
    text, d = draw(_terms(G, max_dim, depth - 1))
    made: Term = (text, d)
    if kind in ("sum", "product"):
        other, e = draw(_terms(G, max_dim, depth - 1))
        made = (f"({text}) + ({other})", d + e) if kind == "sum" else (f"({text}) * ({other})", d * e)
    elif kind == "multiple":
        n = draw(st.integers(1, 3))
        made = (f"{n} * ({text})", n * d)
    elif kind in ("dual", "conj"):
        made = (f"{kind}({text})", d)
    elif kind == "power":
        made = (f"({text})^2", d * d)
    elif kind == "sym":
        made = (f"sym(2, {text})", d * (d + 1) // 2)
    elif d >= 2:
        made = (f"ext(2, {text})", d * (d - 1) // 2)
    return made if made[1] <= max_dim else (text, d)


def expressions(G: Group, max_dim: int = 16, depth: int = 2) -> st.SearchStrategy[str]:
    """Texts that `parse_representation` reads as representations of G, of at most that dimension.

    Examples
    --------
    In a test file::

        @given(expressions(Dihedral(4)))
        def test_reading(text): ...
    """
    return _terms(G, max_dim, depth).map(lambda term: term[0])


def representations(G: Group, max_dim: int = 16, depth: int = 2) -> st.SearchStrategy[Representation]:
    """Representations of G of at most that dimension, made by its algebra."""
    return expressions(G, max_dim, depth).map(lambda text: parse_representation(G, text))
