"""Penalties in every precision, scale, norm and library, against singular values of the plain average in double precision."""

from functools import lru_cache
from typing import Any

import numpy as np
from engine import HELD, REFUSED, SKIPPED, Subject
from hypothesis import strategies as st

__all__ = ["LIBRARIES", "SUBJECTS", "norm_value", "residual_of"]

Data = Any

NORMS = ["frobenius", "frobenius-squared", "spectral", "nuclear", "kyfan(2)", "schatten(3)", "schatten(1.5)", "mixed(2,1)", "mixed(1,inf)",
         "entrywise(1)", "entrywise(inf)", "entrywise(3)", "induced(1)", "induced(inf)"]  # fmt: skip
DTYPES = ["float32", "float64", "complex64", "complex128"]
LIBRARIES = ("torch", "jax", "projectors.torch", "projectors.jax", "sympy", "scipy.sparse")
PAIRS = ["C3 natural", "D4 regular", "C4 complex", "S3 skew", "Q8", "D3 to trivial"]


@lru_cache
def pair(name: str) -> tuple[Any, list[tuple[np.ndarray, np.ndarray]]]:
    """A space, and (V(g), W(g)) for all g."""
    import sympy

    from grouprep import Cyclic, Dihedral, FiniteGroup, Quaternion, Representation
    from projectors import Hom

    G: Any = {"C": Cyclic(3), "D": Dihedral(4), "Q": Quaternion()}.get(name[0])
    if name == "C3 natural":
        V, W = G.natural(), 2 * G.natural()
    elif name == "D4 regular":
        V, W = G.regular(), G.regular() + G.defining()
    elif name == "C4 complex":
        G = Cyclic(4)
        V = Representation(G, images=[sympy.Matrix([[1, 1 - sympy.I], [0, sympy.I]])])
        W = G.natural()
    elif name == "S3 skew":
        G = FiniteGroup.from_matrices([[[0, -1], [1, -1]], [[0, 1], [1, 0]]])
        V, W = G.defining(), G.defining() ** 2
    elif name == "Q8":
        V, W = G.defining(), G.regular()
    else:
        G = Dihedral(3)
        V, W = G.natural() + G.defining(), 2 * G.trivial()
    return Hom(V, W), [(V(g), W(g)) for g in G.elements]


def residual_of(T: np.ndarray, elements: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """T minus its average over the group."""
    return T - np.mean([B @ T @ np.linalg.inv(A) for A, B in elements], axis=0)


def norm_value(name: str, A: np.ndarray) -> float:
    """The norm, by its definition."""
    word, _, rest = name.partition("(")
    numbers = [float(x) for x in rest.rstrip(")").split(",") if x]
    if not A.any():
        return 0.0
    s = np.linalg.svd(A, compute_uv=False)
    a = np.abs(A)
    if word == "frobenius":
        return float(np.sqrt((s**2).sum()))
    if word == "frobenius-squared":
        return float((s**2).sum())
    if word == "spectral":
        return float(s[0])
    if word == "nuclear":
        return float(s.sum())
    if word == "kyfan":
        return float(s[: int(numbers[0])].sum())
    if word == "schatten":
        return float((s ** numbers[0]).sum() ** (1 / numbers[0]))
    if word == "mixed":
        p, q = numbers
        return float(np.linalg.norm(np.linalg.norm(a, p, axis=0), q))
    if word == "entrywise":
        return float(np.linalg.norm(a.ravel(), numbers[0]))
    return float(np.linalg.norm(a, numbers[0]))


@st.composite
def _cases(draw: st.DrawFn) -> Data:
    dtype = draw(st.sampled_from(DTYPES))
    low, high = (-1074, 1023) if dtype in ("float64", "complex128") else (-149, 127)
    return {
        "pair": draw(st.sampled_from(PAIRS)),
        "norm": draw(st.sampled_from(NORMS)),
        "dtype": dtype,
        "library": draw(st.sampled_from(["numpy", "numpy", "torch", "torch", "jax"])),
        "part": draw(st.sampled_from(["residual", "residual", "equivariant"])),
        "exponent": draw(
            st.one_of(
                st.integers(-20, 20), st.integers(low, high), st.integers(low, low + 40), st.integers(high - 6, high)
            )
        ),
        "near": draw(st.sampled_from([0, 0, 0, -10, -20])),
        "kind": draw(st.sampled_from(["dense", "dense", "rank one", "zero", "tied"])),
        "seed": draw(st.integers(0, 5)),
        "batch": draw(st.sampled_from([0, 0, 2])),
    }


def operators(case: Data, H: Any, elements: Any) -> np.ndarray:
    """T of size about 1: a random one, or an equivariant one and a residual of size 2^near; exact after scaling by powers of 2."""
    rng = np.random.default_rng(case["seed"])
    shape = (case["batch"], *H.shape) if case["batch"] else H.shape

    def draw() -> np.ndarray:
        T = rng.standard_normal(shape)
        if case["dtype"].startswith("complex"):
            T = T + 1j * rng.standard_normal(shape)
        return T

    T = draw()
    if case["kind"] == "rank one":
        T = T[..., :1] * np.ones(shape)
    elif case["kind"] == "zero":
        T = 0 * T
    elif case["kind"] == "tied":
        T = np.sign(T.real) + 0 * T
    if case["near"]:
        mean = T - residual_of(T, elements)
        T = (mean if case["dtype"].startswith("complex") else mean.real) + 2.0 ** case["near"] * draw()
    return T / max(np.abs(T).max(initial=0), 1)


def check_penalty(case: Data) -> str:
    """The value within the rounding of the projection and the norm; what is below the smallest number may vanish."""
    from grouprep import GroupRepError
    from projectors.penalties import penalty
    from projectors.penalties.registry import norm_named

    library, dtype, exponent = case["library"], np.dtype(case["dtype"]), case["exponent"]
    if library == "jax" and dtype.itemsize == (16 if dtype.kind == "c" else 8):
        return SKIPPED  # jax computes in single precision unless told otherwise
    H, elements = pair(case["pair"])
    T = operators(case, H, elements).astype(dtype)
    power = 2 if case["norm"] == "frobenius-squared" else 1
    with np.errstate(all="ignore"):
        scaled = _scaled(T, exponent)
    back = _scaled(scaled, -exponent) if np.isfinite(scaled).all() else T
    if not np.isfinite(scaled).all() or not np.isfinite(back).all():
        return SKIPPED
    wide = back.astype(np.complex128)
    R = residual_of(wide, elements)
    part = R if case["part"] == "residual" else wide - R
    expected = np.array([norm_value(case["norm"], x) for x in part.reshape(-1, *H.shape)]).reshape(part.shape[:-2])
    info = np.finfo(dtype)
    condition = max(np.linalg.norm(A, 2) * np.linalg.norm(B, 2) for A, B in elements) ** 2
    size = H.shape[0] * H.shape[1]
    digits = 64 * size * float(info.eps) * condition  # relative to |T|
    with np.errstate(all="ignore"):
        smallest = np.ldexp(
            float(info.smallest_subnormal if library == "numpy" or library == "torch" else info.tiny), -exponent
        )
    with np.errstate(all="ignore"):
        bound = (
            (digits + 64 * size * smallest)
            * np.abs(wide).max(initial=0) ** (power - 1)
            * max(np.abs(wide).max(initial=0), smallest)
        )
        bound = (
            bound * size
            if power == 1
            else bound * size * 4
            + np.ldexp(float(info.smallest_subnormal if library != "jax" else info.tiny), -2 * exponent) * 4
        )
        bound = bound + 64 * size * smallest
    top = np.log2(max(expected.max(initial=0), 1e-300)) + power * exponent
    try:
        value, gradient = _value_and_gradient(penalty, norm_named(case["norm"]), H, scaled, case)
    except GroupRepError:
        assert top > np.log2(float(info.max)) - 8, "finite operators are refused"
        return REFUSED
    if top > np.log2(float(info.max)) - 8:
        return HELD  # may overflow
    assert not np.isnan(value).any(), f"the value is NaN, not {expected} * 2^{power * exponent}"
    with np.errstate(all="ignore"):
        found = np.ldexp(value.astype(float), -power * exponent)
    assert np.all(np.abs(found - expected) <= bound), (
        f"{found} * 2^{power * exponent}, not {expected} (bound {bound:.2g})"
    )
    if gradient is not None:
        assert np.isfinite(gradient).all(), "the gradient is not finite"
    return HELD


def _scaled(T: np.ndarray, exponent: int) -> np.ndarray:
    """T * 2^exponent, exactly where that can be; in two steps, since 2^exponent itself may be out of range."""
    half = exponent // 2
    real = T.real.dtype.type

    def by(x: np.ndarray) -> np.ndarray:
        return np.ldexp(np.ldexp(x, half), exponent - half).astype(real)

    return by(T.real) + 1j * by(T.imag) if T.dtype.kind == "c" else by(T)


def _value_and_gradient(
    penalty: Any, norm: Any, H: Any, T: np.ndarray, case: Data
) -> tuple[np.ndarray, np.ndarray | None]:
    if case["library"] == "numpy":
        return np.asarray(penalty(T, H, norm, part=case["part"])), None
    if case["library"] == "torch":
        import torch

        t = torch.from_numpy(T).requires_grad_()
        value = penalty(t, H, norm, part=case["part"])
        value.sum().backward()
        assert str(value.dtype).removeprefix("torch.") == str(T.real.dtype), "another precision than that of T"
        return value.detach().numpy(), t.grad.resolve_conj().numpy()
    import jax

    def total(t: Any) -> Any:
        value = penalty(t, H, norm, part=case["part"])
        return value.sum(), value

    (_, value), gradient = jax.value_and_grad(total, has_aux=True)(jax.numpy.asarray(T))
    return np.asarray(value), np.asarray(gradient)


SUBJECTS = [
    Subject(
        "penalties",
        "penalties: precision, scale, norm, library",
        _cases(),
        check_penalty,
        seconds=40,
        megabytes=6144,
        imports=LIBRARIES,
    )
]
