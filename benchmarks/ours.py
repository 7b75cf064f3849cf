"""One case with grouprep and projectors, in a process of its own: python benchmarks/ours.py CASE."""

from __future__ import annotations

import functools
import importlib
import math
import operator
import pkgutil
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from typing import Any

import flint  # noqa: F401 - imported before the clock starts, like the next ones
import numpy as np
import scipy.linalg
import scipy.sparse.csgraph  # noqa: F401
import sympy
import worker
from cases import (
    Case,
    Generators,
    case,
    commutes_exactly,
    conjugated_regular,
    from_cycles,
    generators,
    largest_residual,
    orthonormality_error,
    rank_mod,
    regular,
)

import grouprep
import projectors
from grouprep import SO, SU, Cyclic, Lorentz, O, Representation, Symmetric, load_group
from projectors import Hom, commutant, decompose

NOT_PRELOADED = {"torch", "jax", "baselines", "interop", "cli", "report", "testing", "demo", "__main__"}
RUBIK = files("grouprep") / "groups" / "data" / "rubik.toml"
ELEMENTS_CHECKED = 64  # of a basis too large to be an array


def import_all_modules() -> None:
    """Import the library whole, as the peer is, but for its adapters and the command line."""
    for package in (grouprep, projectors):
        _import_below(package)


def _import_below(package: Any) -> None:
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if not NOT_PRELOADED & set(module.name.split(".")):
            found = importlib.import_module(module.name)
            if module.ispkg:
                _import_below(found)


def base_representation(c: Case) -> Any:
    """V of a case, group and all."""
    families: dict[str, Callable[[], Any]] = {
        "SO": lambda: SO(c.n),
        "O13": Lorentz,
        "S": lambda: Symmetric(c.n),
        "Z": lambda: Cyclic(c.n),
        "Z2^": lambda: functools.reduce(operator.mul, [Cyclic(2)] * c.n),
    }
    return getattr(families[c.group](), c.space)()


def base_generators(c: Case, V: Any) -> Generators:
    """The generators that the residual is taken over, in V's basis (only its order is read from V)."""
    found = generators(c.group, c.n)
    return regular(V.group.elements, found) if c.space == "regular" else found


def measure_hom(c: Case) -> dict[str, Any]:
    """Group, representations, Hom, its orthonormal basis, and (but for the largest case) that as one array."""
    clock = worker.Clock()
    V = base_representation(c)
    H = Hom(V**c.domain if c.domain else V.group.trivial(), V**c.codomain)
    basis = H.basis()
    structured = clock.read()
    matrices = basis.matrices if c.materialise else None
    times, peak = clock.read(), worker.peak_megabytes()
    base = base_generators(c, V)
    domain, codomain = base.power(c.domain), base.power(c.codomain)
    checked: Iterable[np.ndarray[Any, Any]]
    if matrices is not None:
        size, checked, error = len(matrices), matrices, orthonormality_error(matrices)
    else:
        size = len(basis)
        checked, error = _some_elements(basis, size), _isometry_error(basis, size)
    if size != H.dim:
        raise AssertionError(f"H.dim is {H.dim} and the basis has {size} elements")
    return {
        **times,
        "cpu_structured": structured["cpu"],
        "peak_mb": peak,
        "dimension": size,
        "residual": largest_residual(checked, domain, codomain),
        "orthonormality": error,
        **({} if c.materialise else {"note": f"basis kept in its structure; {ELEMENTS_CHECKED} elements checked"}),
    }


def _some_elements(basis: Any, size: int) -> Iterator[np.ndarray[Any, Any]]:
    for i in np.linspace(0, size - 1, min(size, ELEMENTS_CHECKED)).astype(int):
        yield basis[int(i)]


def _isometry_error(basis: Any, size: int) -> float:
    """How far c -> sum_i c_i X_i is from keeping lengths, on random c: 0 for an orthonormal basis."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3, size))
    return max(abs(float(np.linalg.norm(basis.combine(c)) / np.linalg.norm(c)) - 1) for c in vectors)


def measure_certified(c: Case) -> dict[str, Any]:
    """The Rubik's cube group from its file, and the commutant on its facelets with a certificate."""
    clock = worker.Clock()
    V = load_group(str(RUBIK)).natural()
    H = Hom(V, V)
    certificate = H.certify()
    times, peak = clock.read(), worker.peak_megabytes()
    given = tomllib.loads(RUBIK.read_text(encoding="utf-8"))
    turns = Generators(tuple(from_cycles(text, given["degree"]) for text in given["permutations"].values()))
    matrices = H.basis().matrices
    return {
        **times,
        "peak_mb": peak,
        "dimension": len(matrices),
        "residual": largest_residual(matrices, turns, turns),
        "orthonormality": orthonormality_error(matrices),
        "certified": bool(certificate),
        "certificate": str(certificate),
    }


def measure_exact(c: Case) -> dict[str, Any]:
    """The commutant of a representation given by dense integer matrices: proved to be one, solved and certified."""
    perms = Symmetric(c.n).generators
    images = conjugated_regular(c.n, perms, c.seed)
    given = [sympy.Matrix(image) for image in images]
    clock = worker.Clock()
    V = Representation(Symmetric(c.n), images=given)
    H = commutant(V)
    certificate = H.certify()
    basis = H.exact_basis()
    times, peak = clock.read(), worker.peak_megabytes()
    matrices = [_integers(basis[i]) for i in range(len(basis))]
    if not all(commutes_exactly(X, images) for X in matrices):
        raise AssertionError("an element of the exact basis does not commute with the images")
    if rank_mod(np.array([X.ravel() for X in matrices], dtype=object)) < len(matrices):
        raise AssertionError("the exact basis is not linearly independent")
    return {
        **times,
        "peak_mb": peak,
        "dimension": len(basis),
        "residual": 0.0,
        "certified": bool(certificate),
        "certificate": str(certificate),
    }


def decomposed_representation(group: str) -> Any:
    """The representations that are split into irreps."""
    if group == "C60":
        return Cyclic(60).natural()
    if group == "SU(2)":
        return SU(2).defining() ** 4
    if group == "O(3)":
        return O(3).defining() ** 3
    l3 = SO(3).irrep(3)
    rotation, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((49, 49)))
    return (l3 * l3).change_basis(rotation)


def measure_decompose(c: Case) -> dict[str, Any]:
    """Group, representation, irreps, multiplicities and U; then, outside the clock, how far U is from what it claims.

    The errors are in units of eps times the dimension: |U* U - 1| and |V(g) U - U blocks(g)| on random elements.
    """
    clock = worker.Clock()
    V = decomposed_representation(c.group)
    D = decompose(V)
    U = D.change_of_basis
    times, peak = clock.read(), worker.peak_megabytes()
    g = V.group.sample(8, np.random.default_rng(0))
    unit = np.finfo(float).eps * V.dim
    return {
        **times,
        "peak_mb": peak,
        "dimension": V.dim,
        "irreps": str(D),
        "orthogonality_eps": float(np.abs(U.conj().T @ U - np.eye(V.dim)).max() / unit),
        "homomorphism_eps": float(np.abs(V(g) @ U - U @ D.blocks(g)).max() / unit),
    }


def measure_project(c: Case) -> dict[str, Any]:
    """P(T) of a 1024 x 1024 operator between 256 regular features of C4, in copies of T: the best of each of 30 turns."""
    H = commutant(256 * Cyclic(4).regular())
    T = np.random.default_rng(0).standard_normal(H.shape).astype(c.space)
    H.project(T)
    best = {"project": math.inf, "copy": math.inf}
    for _ in range(30):
        for name, action in (("project", H.project), ("copy", np.ndarray.copy)):
            clock = worker.Clock()
            action(T)
            best[name] = min(best[name], clock.read()["wall"])
    return {"cpu": best["project"], "wall": best["project"], "copies": best["project"] / best["copy"]}


def _integers(X: Any) -> np.ndarray[Any, Any]:
    """A rational sympy matrix times its common denominator, as an object array of Python integers."""
    entries = [sympy.Rational(x) for x in X]
    scale = math.lcm(*(x.q for x in entries))
    return np.array([x.p * (scale // x.q) for x in entries], dtype=object).reshape(X.shape)


def main(name: str) -> None:
    """Measure one case."""
    import_all_modules()
    measures = {
        "hom": measure_hom,
        "certified": measure_certified,
        "exact": measure_exact,
        "decompose": measure_decompose,
        "project": measure_project,
    }
    c = case(name)
    worker.answer(measures[c.kind](c))


if __name__ == "__main__":
    main(sys.argv[1])
