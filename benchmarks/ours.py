"""One case with grouprep and projectors, in a process of its own: python benchmarks/ours.py CASE."""

from __future__ import annotations

import functools
import importlib
import math
import operator
import pkgutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import flint  # noqa: F401 - imported before the clock starts, like the next ones
import numpy as np
import scipy.linalg
import scipy.sparse.csgraph  # noqa: F401
import sympy
import sympy.combinatorics
import sympy.tensor.tensor
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
from grouprep import (
    SO,
    SU,
    Alternating,
    Cyclic,
    FiniteGroup,
    Lorentz,
    O,
    PointGroup,
    Representation,
    Sp,
    Symmetric,
    U,
    load_group,
)
from grouprep.irreps.clebsch_gordan import clebsch_gordan, clebsch_gordan_exact
from grouprep.irreps.wigner import wigner_D
from grouprep.linalg import Monomial
from grouprep.linalg.matrices import is_exact
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
        **{name: functools.partial(family, c.n) for name, family in {"SO": SO, "SU": SU, "U": U, "Sp": Sp}.items()},
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


MATHIEU = {
    "M12": (12, "(1 2 3 4 5 6 7 8 9 10 11)", "(3 7 11 8)(4 10 5 6)", "(1 12)(2 11)(3 6)(4 8)(5 9)(7 10)"),
    "M22": (
        22,
        "(1 2 3 4 5 6 7 8 9 10 11)(12 13 14 15 16 17 18 19 20 21 22)",
        "(1 4 5 9 3)(2 8 10 7 6)(12 15 16 20 14)(13 19 21 18 17)",
        "(1 21)(2 10 8 6)(3 13 4 17)(5 19 9 18)(11 22)(12 14 16 20)",
    ),
}


def proof_representations(c: Case) -> tuple[Any, Any]:
    """Domain and codomain of a basis that is proved."""
    if c.name == "certify-rubik":
        V = load_group(str(RUBIK)).natural()
        return V, V
    if c.name.startswith("certify-exact"):
        given = [sympy.Matrix(image) for image in conjugated_regular(c.n, Symmetric(c.n).generators, c.seed)]
        V = Representation(Symmetric(c.n), images=given)
        return V, V
    if c.space == "alternating":
        degree, *cycles = MATHIEU.get(c.group, (12,))
        G = FiniteGroup.from_permutations(cycles, degree=degree, name=c.group) if cycles else Symmetric(12)
        V = G.natural().exterior_power(2)
        return V, V
    if c.space == "sign":
        G = Symmetric(c.n)
        V = Representation(G, images=[Monomial([0], [1], 2)] * 2)  # n is even: both generators are odd
        return V, V
    V = SO(3).irrep(c.n) if c.group == "spin" else base_representation(c)
    return V**c.domain if c.domain else V.group.trivial(), V**c.codomain


def measure_proof(c: Case) -> dict[str, Any]:
    """CPU seconds of the basis, of its certificate, and of proving its file anew; share, file: of 5 times the basis, or 1 s."""
    clock = worker.Clock()
    H = Hom(*proof_representations(c))
    H.exact_basis() if H.is_exact else H.basis()
    basis = clock.read()["cpu"]
    clock = worker.Clock()
    certificate = H.certify()
    times = clock.read()
    verify = 0.0
    if H.is_exact and c.materialise and H.exact_basis().squares is None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "basis.json"
            H.save(path)
            clock = worker.Clock()
            projectors.files.verify(path)
            verify = clock.read()["cpu"]
    return {
        **times,
        "peak_mb": worker.peak_megabytes(),
        "dimension": certificate.dim,
        "certified": certificate.proved,
        "basis": basis,
        "verify": verify,
        "share": times["cpu"] / max(5 * basis, 1.0),
        "file": verify / max(5 * basis, 1.0),
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


FINITE = {  # generators as cycles
    "PSL(2,7)": ("(1 2 3 4 5 6 7)", "(2 3)(4 7)"),
    "M11": ("(1 2 3 4 5 6 7 8 9 10 11)", "(3 7 11 8)(4 10 5 6)"),
    "M12": ("(1 2 3 4 5 6 7 8 9 10 11)", "(3 7 11 8)(4 10 5 6)", "(1 12)(2 11)(3 6)(4 8)(5 9)(7 10)"),
}
LINEAR = {  # a prime, and matrices
    "SL(2,5)": (5, ((1, 1), (0, 1)), ((0, 1), (-1, 0))),
    "GL(2,3)": (3, ((1, 1), (0, 1)), ((0, 1), (-1, 0)), ((-1, 0), (0, 1))),
}


def finite_group(name: str) -> FiniteGroup:
    """A finite group by name: S5, A5, Oh, or one of the tables above; linear groups permute the vectors that are not 0."""
    if name in FINITE:
        return FiniteGroup.from_permutations(FINITE[name], name=name)
    if name in LINEAR:
        p, *matrices = LINEAR[name]
        vectors = [(x, y) for x in range(p) for y in range(p) if x or y]
        moved = [[((a * x + b * y) % p, (c * x + d * y) % p) for x, y in vectors] for (a, b), (c, d) in matrices]
        return FiniteGroup.from_permutations([[vectors.index(v) for v in image] for image in moved], name=name)
    return PointGroup(name) if name == "Oh" else {"S": Symmetric, "A": Alternating}[name[0]](int(name[1:]))


def measure_irreps(c: Case) -> dict[str, Any]:
    """All complex irreps: exact images of the generators over the smallest field known, and unitary ones in floats."""
    clock = worker.Clock()
    G = finite_group(c.group)
    irreps = G.irreps(field="complex")
    exact = [list(I.rational()[0].images.values()) for I in irreps]
    for I in irreps:
        I(G.generators)
    times, peak = clock.read(), worker.peak_megabytes()
    if any(not is_exact(m) for images in exact for m in images):
        raise AssertionError("an image in the rational form is not exact")
    if sum(I.dim**2 for I in irreps) != G.order:
        raise AssertionError("the squares of the dimensions do not add up to the order")
    return {**times, "peak_mb": peak, "dimension": sum(I.dim for I in irreps)}


def measure_table(c: Case) -> dict[str, Any]:
    """A character table with all its values; then, outside the clock, that its rows are orthonormal."""
    clock = worker.Clock()
    G = finite_group(c.group)
    table = G.character_table()
    values = [chi.values for chi in table.irreducibles]
    times = clock.read()
    M = np.array([[complex(x) for x in row] for row in values])
    gram = (M * table.class_sizes.astype(float)) @ M.conj().T / float(G.order)
    return {**times, "dimension": len(values), "residual": float(np.abs(gram - np.eye(len(M))).max())}


def decomposed_representation(group: str) -> Any:
    """The representations that are split into irreps."""
    if group == "C12":  # acting on the 4,096 words of twelve bits
        words = np.arange(4096)
        return Cyclic(12).permutation({"r": ((words << 1) & 4095) | (words >> 11)})
    if group == "S5":
        return Symmetric(5).natural() ** 3
    if group in ("A5", "PSL(2,7)"):
        return finite_group(group).regular()
    if group == "SL(2,5)":
        return finite_group(group).natural() ** 2
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


def measure_wigner(c: Case) -> dict[str, Any]:
    """Real D of 1,000 rotations for l = 1..30; then, outside the clock, |D(p) D(q) - D(p q)|, the largest entry."""
    rng = np.random.default_rng(0)
    p, q = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in rng.standard_normal((2, 1000, 4)))
    clock = worker.Clock()
    left = [wigner_D(l, p, field="real") for l in range(1, 31)]
    times, peak = clock.read(), worker.peak_megabytes()
    a, u, b, v = p[:, :1], p[:, 1:], q[:, :1], q[:, 1:]
    pq = np.concatenate([a * b - (u * v).sum(-1, keepdims=True), a * v + b * u + np.cross(u, v)], axis=-1)
    worst = max(
        float(np.abs(D @ wigner_D(l, q, field="real") - wigner_D(l, pq, field="real")).max())
        for l, D in enumerate(left, start=1)
    )
    return {**times, "peak_mb": peak, "dimension": 61, "residual": worst}


def measure_clebsch_gordan(c: Case) -> dict[str, Any]:
    """All coefficients with l1, l2 <= n in the real bases, in floats, then exactly; and how far they are from orthonormal."""
    triples = [(a, b, l) for a in range(c.n + 1) for b in range(c.n + 1) for l in range(abs(a - b), a + b + 1)]
    clock = worker.Clock()
    values = [clebsch_gordan(*t, field="real").reshape(-1, 2 * t[2] + 1) for t in triples]
    times = clock.read()
    clock = worker.Clock()
    for t in triples:
        clebsch_gordan_exact(*t, field="real")
    exact = clock.read()["cpu"]
    off = max(float(np.abs(C.T @ C - np.eye(C.shape[1])).max()) for C in values)
    return {**times, "exact": exact, "dimension": len(triples), "orthonormality": off}


def measure_coupling(c: Case) -> dict[str, Any]:
    """The basis of Hom(l x l, l), exact and in floats, and its proof."""
    V = SO(3).irrep(c.n)
    clock = worker.Clock()
    H = Hom(V * V, V)
    H.exact_basis()
    X = H.basis().matrices
    certificate = H.certify()
    times = clock.read()
    return {
        **times,
        "dimension": len(X),
        "certified": certificate.proved,
        "orthonormality": float(abs(np.linalg.norm(X[0]) - 1)),
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
        "proof": measure_proof,
        "decompose": measure_decompose,
        "irreps": measure_irreps,
        "table": measure_table,
        "wigner": measure_wigner,
        "clebsch-gordan": measure_clebsch_gordan,
        "coupling": measure_coupling,
        "project": measure_project,
    }
    c = case(name)
    worker.answer(measures[c.kind](c))


if __name__ == "__main__":
    main(sys.argv[1])
