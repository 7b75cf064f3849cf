"""Sequences of operators that move slowly and jump: a followed norm is a lower bound at each step, and arrives where it stands still."""

from typing import Any

import numpy as np
from engine import HELD, Subject
from hypothesis import strategies as st
from penalties import LIBRARIES, norm_value, residual_of

__all__ = ["SUBJECTS"]

Data = Any

_STEPS = 15
_MOVE = st.one_of(
    st.tuples(st.just("drift"), st.sampled_from([1e-3, 1e-2, 0.1])),
    st.tuples(st.just("jump"), st.integers(0, 9)),
    st.tuples(st.just("scale"), st.sampled_from([1e-30, 1e-12, 1e-3, 2.0, 1e12, 1e30])),
    st.tuples(st.just("zero"), st.just(0)),
    st.tuples(st.just("turn"), st.integers(0, 9)),
    st.tuples(st.just("rank one"), st.integers(0, 9)),
    st.tuples(st.just("stay"), st.just(0)),
).map(list)

_CASES = st.fixed_dictionaries({
    "shape": st.sampled_from([[40, 40], [60, 30], [30, 60], [50, 48], [3, 3], [1, 40], [40, 1]]),
    "k": st.integers(1, 3),
    "dtype": st.sampled_from(["float32", "float64", "complex64", "complex128"]),
    "library": st.sampled_from(["numpy", "numpy", "torch", "jax"]),
    "ratio": st.sampled_from([0.3, 0.6, 0.8]),
    "moves": st.lists(_MOVE, min_size=1, max_size=4),
    "seed": st.integers(0, 5),
})  # fmt: skip


def _matrix(shape: list[int], ratio: float, rng: np.random.Generator, is_complex: bool) -> np.ndarray:
    """Random singular vectors, singular values ratio^i."""
    m, n = shape
    r = min(m, n)

    def draw(size: int) -> np.ndarray:
        A = rng.standard_normal((size, r))
        return np.linalg.qr(A + 1j * rng.standard_normal((size, r)) if is_complex else A)[0]

    return (draw(m) * ratio ** np.arange(r)) @ draw(n).conj().T


def check_following(case: Data) -> str:
    from grouprep import GroupRepError
    from projectors.penalties import KyFan, Spectral

    library, dtype = case["library"], np.dtype(case["dtype"])
    if library == "jax":
        dtype = np.dtype({"float64": "float32", "complex128": "complex64"}.get(dtype.name, dtype.name))
    xp = _library(library)
    rng = np.random.default_rng(case["seed"])
    is_complex = dtype.kind == "c"
    A = _matrix(case["shape"], case["ratio"], rng, is_complex)
    norm = Spectral() if case["k"] == 1 else KyFan(case["k"])
    state = norm.init(
        tuple(case["shape"]), xp=xp, dtype=getattr(xp, dtype.name) if library != "numpy" else dtype, rng=case["seed"]
    )
    info = np.finfo(dtype)
    for move, x in [["stay", 0], *case["moves"]]:
        if move == "drift":
            A = A + x * np.linalg.norm(A, 2) * _matrix(case["shape"], case["ratio"], rng, is_complex)
        elif move == "jump":
            A = _matrix(case["shape"], case["ratio"], np.random.default_rng(100 + x), is_complex)
        elif move == "scale":
            A = A * x
        elif move == "zero":
            A = 0 * A
        elif move == "turn":
            A = A[:, ::-1].copy()
        elif move == "rank one":
            A = A[:, :1] * np.ones_like(A)
        size = np.abs(A).max(initial=0)
        if size and not float(info.tiny) * 1e3 < size < float(info.max) / 1e3:
            A = A / size  # following at the edge of the precision is what the penalties are tried with
        T = A.astype(dtype)
        exact = np.linalg.svd(T.astype(np.complex128 if is_complex else np.float64), compute_uv=False)[
            : case["k"]
        ].sum()
        slack = 64 * sum(case["shape"]) * float(info.eps) * exact
        for step in range(_STEPS):
            try:
                value, state = norm.step(xp.asarray(T), state)
            except GroupRepError as error:
                raise AssertionError(f"{move}: finite operators are refused: {error}") from error
            value = float(value)
            assert np.isfinite(value), f"{move}: {value} at step {step}"
            assert value <= exact + slack, f"{move}: {value} is above the norm {exact}"
        assert value >= exact * 0.999 - slack, f"{move}: {value} after {_STEPS} steps on an operator of norm {exact}"
    return HELD


def _library(name: str) -> Any:
    if name == "numpy":
        return np
    if name == "torch":
        import torch

        return torch
    import jax.numpy

    return jax.numpy


_MODEL = st.fixed_dictionaries({
    "norm": st.sampled_from(["spectral", "kyfan(2)", "frobenius", "nuclear"]),
    "dtype": st.sampled_from(["float32", "float64"]),
    "moves": st.lists(_MOVE, min_size=1, max_size=4),
    "copies": st.sampled_from([1, 6]),
    "seed": st.integers(0, 5),
})  # fmt: skip


def check_model(case: Data) -> str:
    """The penalty of a torch layer whose weight jumps, against the norm of the plain residual."""
    import torch

    from grouprep import Dihedral
    from projectors.penalties.registry import norm_named
    from projectors.torch import EquivariancePenalty

    G = Dihedral(4)
    n = case["copies"]
    V, W = n * G.regular(), n * G.regular()
    torch.manual_seed(case["seed"])
    layer = torch.nn.Linear(V.dim, W.dim, bias=False, dtype=getattr(torch, case["dtype"]))
    penalty = EquivariancePenalty(torch.nn.Sequential(layer), {"0": (V, W)}, norm=norm_named(case["norm"]))
    elements = [(V(g), W(g)) for g in G.elements]
    rng = np.random.default_rng(case["seed"])
    A = _matrix([W.dim, V.dim], 0.6, rng, False)
    info = np.finfo(case["dtype"])
    for move, x in [["stay", 0], *case["moves"]]:
        if move == "drift":
            A = A + x * np.linalg.norm(A, 2) * _matrix([W.dim, V.dim], 0.6, rng, False)
        elif move in ("jump", "turn"):
            A = _matrix([W.dim, V.dim], 0.6, np.random.default_rng(100 + x), False)
        elif move == "scale":
            A = A * x
        elif move == "zero":
            A = 0 * A
        elif move == "rank one":
            A = A[:, :1] * np.ones_like(A)
        size = np.abs(A).max(initial=0)
        if size and not float(info.tiny) * 1e6 < size < float(info.max) / 1e6:
            A = A / size
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(A))
        T = layer.weight.detach().double().numpy()
        expected = norm_value(case["norm"], residual_of(T, elements))
        slack = 64 * sum(T.shape) * float(info.eps) * max(np.linalg.norm(T), expected)
        for step in range(_STEPS):
            value = penalty()
            (gradient,) = torch.autograd.grad(value, layer.weight)
            value = float(value.detach())
            assert np.isfinite(value), f"{move}: {value} at step {step}"
            assert torch.isfinite(gradient).all(), f"{move}: a gradient that is not finite at step {step}"
            assert value <= expected + slack, f"{move}: {value} is above the norm {expected}"
        assert value >= expected * 0.99 - slack, f"{move}: {value} after {_STEPS} steps, the norm is {expected}"
    return HELD


SUBJECTS = [
    Subject(
        "following",
        "followed norms, with jumps",
        _CASES,
        check_following,
        seconds=60,
        megabytes=6144,
        imports=LIBRARIES,
    ),
    Subject(
        "training",
        "the torch penalty of a weight that jumps",
        _MODEL,
        check_model,
        seconds=60,
        megabytes=6144,
        imports=LIBRARIES,
    ),
]
