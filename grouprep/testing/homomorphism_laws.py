"""Laws of homomorphisms between finite groups, and of what is restricted and induced along them."""

from __future__ import annotations

from functools import reduce

import numpy as np

from grouprep.characters import inner
from grouprep.groups.cosets import Cosets, generated_by
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import invert
from grouprep.irreps import Irrep
from grouprep.irreps.catalogue import find_family
from grouprep.representations import Representation
from grouprep.testing.bounds import evaluation_error, norm, require, require_close, require_equal
from grouprep.testing.laws import INFINITE, DoesNotApply, law

__all__ = [
    "check_first_isomorphism",
    "check_frobenius_reciprocity",
    "check_induced_values",
    "check_mackey",
    "check_multiplicative",
    "check_restricted_values",
]

_SHOWN = 6  # irreps of each group that are taken: the first ones, and the largest

UNKNOWN = "the irreps of a group are not known"
NOT_INJECTIVE = "it is not injective"


def _few(G: FiniteGroup) -> list[Irrep]:
    """Some complex irreps, the largest among them; none where they are not known."""
    family = find_family(G)
    if family is None:
        return []
    irreps = family.irreps("complex", None)
    return irreps if len(irreps) <= _SHOWN else [*irreps[: _SHOWN - 1], max(irreps[_SHOWN - 1 :], key=lambda I: I.dim)]


@law("homomorphism")
def check_multiplicative(f: Homomorphism, rng: np.random.Generator) -> DoesNotApply | None:
    """f(g h) = f(g) f(h) and f(1) = 1, for elements drawn at random."""
    if not (f.source.is_finite and f.target.is_finite):
        return DoesNotApply(INFINITE)
    g, h = f.source.sample(8, rng), f.source.sample(8, rng)
    product = f.target.multiply(f(g), f(h))
    require(np.array_equal(f(f.source.multiply(g, h)), product), f"{f}: f(g h) = f(g) f(h)")
    require(np.array_equal(f(f.source.identity()), f.target.identity()), f"{f}: f(1) = 1")
    return None


@law("homomorphism")
def check_first_isomorphism(f: Homomorphism, rng: np.random.Generator) -> DoesNotApply | None:
    """|ker f| |im f| = |G|, and the quotient by the kernel is as large as the image."""
    if not (f.source.is_finite and f.target.is_finite):
        return DoesNotApply(INFINITE)
    if not f.source.is_listed:
        return DoesNotApply("the group is too large to list")
    kernel = f.kernel()
    require_equal(int(kernel.order) * int(f.image().order), int(f.source.order), f"{f}: |ker| |im|")
    assert isinstance(f.source, FiniteGroup)
    Q, p = f.source.quotient(kernel)
    require_equal(int(Q.order), int(f.image().order), f"{f}: order of the quotient by the kernel")
    require_equal(p.kernel().order, kernel.order, f"{f}: kernel of the projection on the quotient by the kernel")
    return None


@law("homomorphism")
def check_restricted_values(f: Homomorphism, rng: np.random.Generator) -> DoesNotApply | None:
    """The restriction of V along f is V(f(g)), and its kernel contains that of f."""
    if not (f.source.is_finite and f.target.is_finite):
        return DoesNotApply(INFINITE)
    V = f.target.natural()
    R, g = V.restrict(f), f.source.sample(4, rng)
    require_close(R(g), V(f(g)), 0.0, f"{f}: values of the restriction")
    for k in f.kernel().generators if f.source.is_listed else ():
        require_close(R(k), np.eye(R.dim), 0.0, f"{f}: the restriction at {k}")
    return None


@law("homomorphism")
def check_induced_values(f: Homomorphism, rng: np.random.Generator) -> DoesNotApply | None:
    """The induced representation is one, of dimension [G : H] dim V, and unitary where V is."""
    if not (f.source.is_finite and f.target.is_finite):
        return DoesNotApply(INFINITE)
    if not f.is_injective:
        return DoesNotApply(NOT_INJECTIVE)
    assert isinstance(f.source, FiniteGroup)
    few: list[Representation] = [*_few(f.source)[-2:]]
    for V in few or [f.source.natural()]:
        W = V.induce(f)
        require_equal(W.dim * int(f.source.order), int(f.target.order) * V.dim, f"dimension of {W}")
        require(W.is_unitary, f"{W} is not unitary")
        g, h = f.target.sample(2, rng), f.target.sample(2, rng)
        x, y = W(g), W(h)
        require_close(
            W(f.target.multiply(g, h)), x @ y, evaluation_error(W, norm(x) * norm(y)), f"{W}: W(g h) = W(g) W(h)"
        )
    return None


@law("homomorphism")
def check_frobenius_reciprocity(f: Homomorphism, rng: np.random.Generator) -> DoesNotApply | None:
    """dim Hom_G(ind V, W) = dim Hom_H(V, res W) for irreps V of H and W of G.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 7.2.
    """
    if not (f.source.is_finite and f.target.is_finite):
        return DoesNotApply(INFINITE)
    if not f.is_injective:
        return DoesNotApply(NOT_INJECTIVE)
    assert isinstance(f.source, FiniteGroup)
    assert isinstance(f.target, FiniteGroup)
    below, above = _few(f.source), _few(f.target)
    if not below or not above:
        return DoesNotApply(UNKNOWN)
    for V in below:
        induced = V.induce(f)
        for W in above:
            require_equal(inner(induced, W), inner(V, W.restrict(f)), f"{f}: Hom(ind {V}, {W}) and Hom({V}, res {W})")
    return None


@law("pair of subgroups")
def check_mackey(f: Homomorphism, rng: np.random.Generator, k: Homomorphism) -> DoesNotApply | None:
    """Mackey's formula: res_K ind_H V is the sum over the double cosets K g H of ind from K and g H g^-1 to K of V(g^-1 x g).

    Parameters
    ----------
    f, k : the inclusions of H and of K in one group.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 7.3.
    """
    H, K, G = f.source, k.source, f.target
    if not (isinstance(H, FiniteGroup) and isinstance(K, FiniteGroup) and isinstance(G, FiniteGroup)):
        return DoesNotApply(INFINITE)
    cosets = Cosets(G, H)
    left = set(range(len(cosets.representatives)))
    doubles = []
    while left:
        orbit = [min(left)]
        for x in orbit:
            orbit += [
                y
                for y in dict.fromkeys(int(cosets.number(g[cosets.representatives[[x]]])[0]) for g in K.generators)
                if y not in orbit
            ]
        doubles.append(cosets.representatives[orbit[0]])
        left -= set(orbit)
    few: list[Representation] = [*_few(H)]
    for V in few or [H.natural()]:
        whole = V.induce(f).restrict(k)
        parts: list[Representation] = []
        for g in doubles:
            back = invert(g)
            common = [x for x in K.elements if H.contains(back[x[g]])]
            L = generated_by(np.array(common), "K and g H g^-1")
            conjugated = Homomorphism(L, H, [back[x[g]] for x in L.generators])
            parts.append(V.restrict(conjugated).induce(Homomorphism.inclusion(L, K)))
        total = reduce(lambda A, B: A + B, parts)
        require_equal(whole.dim, total.dim, f"{G}: dimension of res ind {V}")
        bound = evaluation_error(whole, float(whole.dim)) + evaluation_error(total, float(total.dim))
        require_close(whole.character.values, total.character.values, bound, f"{G}: characters of res ind {V} on {K}")
    return None
