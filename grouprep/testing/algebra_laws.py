"""Laws of the algebra of representations: sums, products, multiples, powers, restriction."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement, permutations
from math import comb

import numpy as np

from grouprep.groups import FiniteGroup, Homomorphism
from grouprep.linalg import as_float
from grouprep.representations import Representation
from grouprep.representations.composite import DirectSum
from grouprep.testing.bounds import evaluation_error, norm, require, require_close, require_equal
from grouprep.testing.elements import draw
from grouprep.testing.laws import DoesNotApply, law
from grouprep.typing import Array, Element, Floats

__all__ = ["check_powers", "check_products", "check_restriction", "check_square", "check_sums"]

_SQUARED = 9  # dimension above which V ** 2 is left out
_POWER = 1_000  # dimension of V ** k above which sym(k) and ext(k) are left out


@law("representation")
def check_sums(V: Representation, rng: np.random.Generator) -> None:
    """V + W is block diagonal, n V is kron(1_n, V) (copy-major), and sums are associative."""
    G = V.group
    W = G.trivial()
    g = draw(G, 2, rng)
    x, one = V(g), W(g)
    error = evaluation_error(V, norm(x))
    n, m = V.dim, W.dim
    value = (V + W)(g)
    require_equal((V + W).dim, n + m, f"{V} of {G}: dimension of V + W")
    require_close(value[..., :n, :n], x, error, f"{V} of {G}: first block of V + W")
    require_close(value[..., n:, n:], one, 0.0, f"{V} of {G}: second block of V + W")
    require_close(value[..., :n, n:], np.zeros((2, n, m)), 0.0, f"{V} of {G}: block off the diagonal of V + W")
    copies = np.kron(np.eye(3), x[0])
    require_close((3 * V)(g)[0], copies, error, f"{V} of {G}: 3 V = kron(1_3, V)")
    require_equal((3 * V).dim, 3 * n, f"{V} of {G}: dimension of 3 V")
    if not isinstance(V, DirectSum):
        require(2 * V + V == 3 * V == V * 3 == V + V + V, f"{V} of {G}: 2 V + V, 3 V and V + V + V are not equal")
    require((V + W) + V == V + (W + V), f"{V} of {G}: sums are not associative")
    for generator, image in (V + W).images.items():
        expected = np.zeros((n + m, n + m), dtype=complex)
        expected[:n, :n] = as_float(V.images[generator])
        expected[n:, n:] = as_float(W.images[generator])
        require_close(as_float(image), expected, 0.0, f"{V} of {G}: image of {generator} on V + W")


@law("representation")
def check_products(V: Representation, rng: np.random.Generator) -> None:
    """V * W = kron(V, W), on elements and (as a derivation) on the Lie algebra; powers; V * trivial."""
    G = V.group
    W = G.trivial() + G.defining() if V.dim <= _SQUARED else 2 * G.trivial()
    g = draw(G, 2, rng)
    x, y = V(g), W(g)
    T = V * W
    require_equal(T.dim, V.dim * W.dim, f"{V} of {G}: dimension of V * W")
    expected = np.array([np.kron(a, b) for a, b in zip(x, y, strict=True)])
    require_close(T(g), expected, evaluation_error(T, norm(x), norm(y)), f"{V} of {G}: V * W = kron(V, W)")
    for generator in G.generator_names:
        a, b = as_float(V.images[generator]), as_float(W.images[generator])
        derived = np.kron(a, np.eye(W.dim)) + np.kron(np.eye(V.dim), b)
        both = np.kron(a, b) if generator.kind == "element" else derived
        found = as_float(T.images[generator])
        require_close(found, both, evaluation_error(T, norm(a), norm(b)), f"{V} of {G}: image of {generator} on V * W")
    require_equal((V**0).dim, 1, f"{V} of {G}: dimension of V ** 0")
    require(V**1 == V, f"{V} of {G}: V ** 1 is not V")
    require(V**2 == V * V, f"{V} of {G}: V ** 2 is not V * V")
    require((V * W) * V == V * (W * V), f"{V} of {G}: products are not associative")


@law("representation")
def check_powers(V: Representation, rng: np.random.Generator) -> None:
    """Dimensions and characters of symmetric and exterior powers (Newton), the determinant as the top exterior power."""
    G = V.group
    n = V.dim
    require_equal(V.symmetric_power(0).dim, 1, f"{V} of {G}: dimension of sym(0)")
    require_equal(V.exterior_power(0).dim, 1, f"{V} of {G}: dimension of ext(0)")
    g = draw(G, 2, rng)
    x = V(g)
    for k in (1, 2, 3):
        if n**k > _POWER:
            continue
        sym = V.symmetric_power(k)
        require_equal(sym.dim, comb(n + k - 1, k), f"{V} of {G}: dimension of sym({k})")
        _check_character_of_power(sym, x, k, False, g)
        if k <= n:
            ext = V.exterior_power(k)
            require_equal(ext.dim, comb(n, k), f"{V} of {G}: dimension of ext({k})")
            _check_character_of_power(ext, x, k, True, g)
    if n <= 4:
        top = V.exterior_power(n)
        value = top(g)[..., 0, 0]
        bound = evaluation_error(top, *[norm(x)] * n)
        require_close(value, np.linalg.det(x), bound, f"{V} of {G}: the top exterior power is the determinant")


def _check_character_of_power(power: Representation, x: Array, k: int, signed: bool, g: Element) -> None:
    """Newton's identities between the traces of x, x^2, ..., x^k and the trace of the power."""
    traces = [np.trace(np.linalg.matrix_power(x, i), axis1=-2, axis2=-1) for i in range(1, k + 1)]
    values = [np.ones_like(traces[0])]
    for m in range(1, k + 1):
        terms = [values[m - i] * traces[i - 1] * ((-1) ** (i - 1) if signed else 1) for i in range(1, m + 1)]
        values.append(sum(terms) / m)
    found = np.trace(power(g), axis1=-2, axis2=-1)
    bound = evaluation_error(power, *[norm(x)] * k) * power.dim
    require_close(found, values[k], bound, f"{power} of {power.group}: character against Newton's identities")


def _sorting(n: int, k: int, signed: bool) -> Floats:
    """The map V^(x)k -> power that sorts a word of basis vectors, written out from its definition."""
    choose = combinations if signed else combinations_with_replacement
    words = list(choose(range(n), k))
    out = np.zeros((len(words), n**k))
    for i, word in enumerate(words):
        for order in permutations(range(k)):
            arranged = [word[p] for p in order]
            sign = np.linalg.det(np.eye(k)[list(order)]) if signed else 1.0
            out[i, int(np.ravel_multi_index(arranged, (n,) * k))] = round(sign)
    return out


@law("representation")
def check_square(V: Representation, rng: np.random.Generator) -> DoesNotApply | None:
    """V ** 2 -> sym(2) and V ** 2 -> ext(2), which sort the generators of a word, commute with the group; the dimensions add up."""
    G, n = V.group, V.dim
    if n > _SQUARED:
        return DoesNotApply(f"dimension above {_SQUARED}")
    g = draw(G, 2, rng)
    x = (V**2)(g)
    total = V.symmetric_power(2).dim + (V.exterior_power(2).dim if n > 1 else 0)
    require_equal(total, n * n, f"{V} of {G}: sym(2) and ext(2) make up V ** 2")
    for signed in (False, True):
        if signed and n < 2:
            continue
        power = V.exterior_power(2) if signed else V.symmetric_power(2)
        S = _sorting(n, 2, signed)
        bound = evaluation_error(V**2, norm(x)) * norm(S)
        require_close(S @ x, power(g) @ S, bound, f"{V} of {G}: V ** 2 -> {power} is equivariant")
        for generator in G.generator_names:
            a, b = as_float((V**2).images[generator]), as_float(power.images[generator])
            require_close(
                S @ a, b @ S, evaluation_error(V**2, norm(a)) * norm(S), f"{V} of {G}: {power} at {generator}"
            )
    return None


@law("representation")
def check_restriction(V: Representation, rng: np.random.Generator) -> None:
    """V.restrict(f)(g) = V(f(g)): along the identity, and for a finite group along the inclusion of a cyclic subgroup."""
    G = V.group
    g = draw(G, 2, rng)
    x = V(g)
    same = V.restrict(Homomorphism.identity(G))
    require_close(same(g), x, evaluation_error(V, norm(x)), f"{V} of {G}: restriction along the identity")
    if len(G.factors) == 1:
        for generator, image in same.images.items():
            require_close(
                as_float(image),
                as_float(V.images[generator]),
                0.0,
                f"{V} of {G}: image of {generator}, restricted to G",
            )
    if not isinstance(G, FiniteGroup) or G.order > 10_000:
        return
    H = G.subgroup([draw(G, 1, rng)[0]])
    R = V.restrict(H)
    h = H.sample(2, rng)
    require_equal((R.dim, R.group), (V.dim, H), f"{V} of {G}: dimension and group of a restriction")
    require_close(R(h), V(h), 0.0, f"{V} of {G}: restriction to a cyclic subgroup")
    require((V + V).restrict(H).dim == 2 * V.dim, f"{V} of {G}: dimension of the restriction of a sum")
    expected = np.mean([abs(np.trace(V(k))) ** 2 for k in H.elements])
    if V.is_unitary:
        count = R.character.inner(R.character)
        bound = evaluation_error(V, norm(x)) * V.dim**2
        require_close(np.array(float(count)), expected, bound, f"{V} of {G}: <chi, chi> of a restriction")
