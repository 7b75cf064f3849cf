"""Operators on every scale that their precision has: values scale, gradients stay, by powers of two and so exactly.

On the scale 2^k the right answer is known from the one at 1: it is multiplied by 2^k and rounded once. What rounding at scale 1
may do is eps times the dimensions; below the normal numbers results are multiples of the least of them, so that the bound has some
units of that as well. XLA takes subnormal numbers for 0 on every device, so JAX owes nothing there but finite numbers.
"""

from math import inf

import jax
import numpy as np
import pytest
import torch

from grouprep import SO, Cyclic, Dihedral, Quaternion
from projectors import Hom
from projectors.arrays import as_numpy
from projectors.penalties import (
    Entrywise,
    Frobenius,
    Induced,
    KyFan,
    Mixed,
    Nuclear,
    Schatten,
    Spectral,
    bracket,
    defect_bound,
    penalty,
    per_block,
)

NORMS = [
    Frobenius(), Frobenius(squared=True), Spectral(), KyFan(2), Nuclear(), Schatten(1.5), Schatten(3), Mixed(), Mixed(3, 1),
    Mixed(1, inf), Entrywise(1), Entrywise(3), Entrywise(inf), Induced(1), Induced(inf),
]  # fmt: skip
SMOOTH = [
    norm for norm in NORMS if norm not in (Mixed(1, inf), Induced(1), Induced(inf))
]  # subnormal sums tie by rounding
SPACES = {
    "orbits": Hom(2 * Cyclic(4).regular(), 3 * Cyclic(4).regular()),
    "orbits of two sizes, signs": Hom(Dihedral(4).natural() + Dihedral(4).defining(), 2 * Dihedral(4).natural()),
    "dense": Hom(2 * Dihedral(5).defining(), 3 * Dihedral(5).defining(), solver="constraint"),
    "irreps": Hom(2 * SO(3).irrep(1), SO(3).irrep(1) + SO(3).irrep(0)),
    "complex": Hom(2 * Quaternion().defining(), 3 * Quaternion().defining()),
}
SINGLE, DOUBLE = (-149, -140, -126, -60, 60, 110, 125), (-1074, -1060, -1022, -600, 600, 1021)
KINDS = {np.float32: SINGLE, np.complex64: SINGLE, np.float64: DOUBLE, np.complex128: DOUBLE}
LIBRARIES = ["numpy", "torch", "jax"]


def operators(H, kind, seed=0):
    """Whole numbers up to 4 in size, so that every scale takes them exactly."""
    rng = np.random.default_rng(seed)
    T = rng.integers(-4, 5, H.shape)
    return (T + 1j * rng.integers(-4, 5, H.shape) if np.dtype(kind).kind == "c" else T).astype(kind)


def on_scale(T, k):
    """2^k T, exactly."""
    real = lambda x: np.ldexp(x, k).astype(x.dtype)  # noqa: E731
    return (real(T.real) + 1j * real(T.imag)).astype(T.dtype) if T.dtype.kind == "c" else real(T)


def close(found, expected, k, kind, factor, what):
    """`found` is 2^k `expected`: within eps of the largest entry, and units of subnormal numbers; infinite where that has to be."""
    about = np.finfo(kind)
    with np.errstate(over="ignore", under="ignore"):
        exact = on_scale(np.asarray(expected).astype(np.clongdouble if np.iscomplexobj(expected) else np.longdouble), k)
        bound = factor * (about.eps * np.abs(exact).max(initial=0) + np.longdouble(about.smallest_subnormal))
        over = np.abs(exact) + bound >= about.max
        good = np.isfinite(found) | over
        error = np.abs(np.where(np.isfinite(found), found, exact) - exact).max(initial=0)
    if not (good.all() and error <= bound):
        pytest.fail(
            f"{what}: off by {error:.3g}, bound {bound:.3g}, size {np.abs(exact).max():.3g}, finite {good.all()}"
        )


def flushed(library, kind, k):
    """Whether a library takes such numbers, or quarters of them, for 0."""
    return library == "jax" and 2.0**k < 8 * float(np.finfo(kind).smallest_normal)


def differentiated(library, f):
    """T -> f of T and its gradient in the library, as torch has it; numpy has none."""
    if library == "numpy":
        return lambda T: (np.asarray(f(T)), None)
    if library == "jax":
        compiled = jax.jit(jax.value_and_grad(f))

        def in_jax(T):
            with jax.enable_x64(True):
                value, gradient = compiled(jax.numpy.asarray(T))
                return np.asarray(value), np.conj(np.asarray(gradient))

        return in_jax

    def in_torch(T):
        x = torch.from_numpy(T).requires_grad_()
        value = f(x)
        (gradient,) = torch.autograd.grad(value, x)
        return value.detach().numpy(), gradient.resolve_conj().numpy()

    return in_torch


def kinds(H):
    return [kind for kind in KINDS if np.dtype(kind).kind == "c" or not H.is_complex]


def check_scales(H, kind, library, power, f, what):
    """f of operators on every scale is f of them on the scale 1, scaled by the power; so is its gradient, by one less."""
    T, factor = operators(H, kind), 4 * sum(H.shape)
    value_and_gradient = differentiated(library, f)
    value, gradient = value_and_gradient(T)
    for k in KINDS[kind]:
        with np.errstate(over="ignore"):
            found, slope = value_and_gradient(on_scale(T, k))
        here = (*what, np.dtype(kind).name, k)
        if flushed(library, kind, k):
            assert np.isfinite(found).all(), here
            assert slope is None or np.isfinite(slope).all(), here
            continue
        close(found, value, power * k, kind, factor, here)
        if slope is not None and np.isfinite(found):
            close(slope, gradient, (power - 1) * k, kind, factor, here)


@pytest.mark.parametrize(
    ("name", "library"), [(n, x) for n in SPACES for x in LIBRARIES if x != "jax" or n in ("orbits", "complex")]
)
def test_penalties(name, library):
    H = SPACES[name]
    for kind in kinds(H) if library != "jax" else (np.complex64,):
        for norm in NORMS if library != "jax" else NORMS[::5]:
            check_scales(H, kind, library, norm.power, lambda T: penalty(T, H, norm), (norm,))  # noqa: B023


@pytest.mark.parametrize(("name", "library"), [(n, x) for n in ("orbits", "irreps") for x in ("numpy", "torch")])
def test_penalties_of_parts_in_both_frames(name, library):
    H = SPACES[name]
    for kind in kinds(H):
        for norm in (Frobenius(), Frobenius(squared=True), Nuclear(), Mixed(3, 1)):
            for frame, part in (("spatial", "equivariant"), ("spectral", "residual"), ("spectral", "equivariant")):
                f = lambda T: penalty(T, H, norm, part, frame)  # noqa: B023, E731
                check_scales(H, kind, library, norm.power, f, (norm, frame, part))


@pytest.mark.parametrize("library", LIBRARIES)
def test_norms(library):
    H = SPACES["orbits"]
    for kind in KINDS if library != "jax" else (np.complex64,):
        for norm in SMOOTH if library != "jax" else SMOOTH[::4]:
            check_scales(H, kind, library, norm.power, norm.value, (norm,))


def test_subgradients():
    for kind in KINDS:
        T = operators(SPACES["orbits"], kind)
        for norm in SMOOTH:
            for k in KINDS[kind][:-1]:
                found = norm.subgradient(on_scale(T, k))
                close(found, norm.subgradient(T), (norm.power - 1) * k, kind, 4 * sum(T.shape), (norm, kind, k))


def test_entries_on_different_scales():
    """Columns of their own scale, as mixed norms see them, and single entries."""
    for kind in (np.complex64, np.complex128):
        low, high = KINDS[kind][1], KINDS[kind][-2]
        column = operators(SPACES["orbits"], kind)[:, :1]
        T = np.concatenate([on_scale(column, low), column, on_scale(column, high)], axis=1)
        for p in (1, 2, 3):
            norm = Mixed(p, 1)
            _, gradient = differentiated("torch", norm.value)(T)
            _, expected = differentiated("torch", norm.value)(column)
            for j in range(3):
                close(gradient[:, j : j + 1], expected, 0, kind, 64, (norm, kind, j))


def test_projections():
    """P(T) and T - P(T) are finite where they are floats, in every library, though sums of entries overflow."""
    for name, H in SPACES.items():
        for kind in kinds(H):
            T, factor = operators(H, kind), 4 * sum(H.shape)
            for k in KINDS[kind]:
                for library in LIBRARIES:
                    if flushed(library, kind, k) or (library == "jax" and (name != "orbits" or kind != np.complex64)):
                        continue
                    for f in (H.project, H.residual):
                        with jax.enable_x64(True):
                            found, expected = (as_numpy(f(array(library, x))) for x in (on_scale(T, k), T))
                        close(found, expected, k, kind, 4 * factor, (name, f.__name__, library, kind, k))


def array(library, T):
    if library == "torch":
        return torch.from_numpy(T)
    return jax.numpy.asarray(T) if library == "jax" else T


def test_bounds_and_blocks():
    H = SPACES["orbits"]
    for kind in KINDS:
        T, factor = operators(H, kind), 4 * sum(H.shape)
        for norm in (Frobenius(), Spectral(), Mixed(3, 1)):
            blocks, bound = per_block(T, H, norm), defect_bound(T, H, norm)
            for k in KINDS[kind]:
                with np.errstate(over="ignore"):
                    found, low = per_block(on_scale(T, k), H, norm), defect_bound(on_scale(T, k), H, norm).lower
                close(low, bound.lower, k, kind, 2 * factor, (norm, kind, k))
                close(np.array(list(found.values())), list(blocks.values()), k, kind, factor, (norm, kind, k))


def test_brackets():
    for kind in KINDS:
        T = operators(SPACES["orbits"], kind)
        size = np.linalg.norm(T.astype(np.complex128), 2)
        for k in KINDS[kind]:
            low, high, *_ = bracket(on_scale(T, k))
            exact = np.ldexp(np.longdouble(size), k)
            assert low <= exact * (1 + 1e-14) + np.longdouble(5e-324), (kind, k)
            assert high >= exact * (1 - 1e-14) - np.longdouble(5e-324), (kind, k)


@pytest.mark.parametrize("library", LIBRARIES)
def test_followed_values(library):
    """Steps of the iteration, from the same start: a matrix of singular values 1, 1/2, 1/4, ... whose leading ones stand soon."""
    rng = np.random.default_rng(0)
    for kind in KINDS if library != "jax" else (np.complex64,):
        n, is_complex = 40, np.dtype(kind).kind == "c"
        U, V = (
            np.linalg.qr(rng.normal(size=(n, n)) + (1j if is_complex else 0) * rng.normal(size=(n, n)))[0] for _ in "UV"
        )
        T = (U * 0.5 ** np.arange(n)) @ V.conj().T
        for k in KINDS[kind]:
            A = on_scale(T.astype(kind), k)
            if flushed(library, kind, k - 24):
                continue
            for norm, exact in ((Spectral(), 1.0), (KyFan(3), 1.75)):
                xp = {"numpy": np, "torch": torch, "jax": jax.numpy}[library]
                with jax.enable_x64(True):
                    X = array(library, A)
                    state = norm.init(A.shape, xp, X.dtype)
                    step = jax.jit(norm.step) if library == "jax" else norm.step
                    for _ in range(20):
                        value, state = step(X, state)
                lost = 2 * n * float(np.finfo(kind).smallest_subnormal)  # entries of A were rounded
                assert (
                    abs(np.longdouble(float(value)) - np.ldexp(np.longdouble(exact), k))
                    <= np.ldexp(8 * n * np.finfo(kind).eps, k) + lost
                ), (norm, kind, k)


@pytest.mark.parametrize("norm", [Frobenius(), Nuclear()], ids=str)
@pytest.mark.parametrize("part", ["residual", "equivariant"])
def test_a_value_beyond_the_largest_float_is_infinite_without_a_warning(norm, part):
    V = Dihedral(4).regular()
    T = np.where(np.random.default_rng(1).random((8, 8)) < 0.5, 1.7e308, -1.7e308)
    assert penalty(T, Hom(V, V), norm=norm, part=part) == inf
