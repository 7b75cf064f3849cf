"""Parameters and specifications for the tests of the penalty in JAX, and how they are compared."""

import jax
import numpy as np
from jax import numpy as jnp

from grouprep import Dihedral
from projectors import Hom
from projectors.penalties import Entrywise, Frobenius, KyFan, Nuclear, Schatten, Spectral, penalty

EPS = float(np.finfo(np.float32).eps)
G = Dihedral(4)
V, W = 2 * G.regular(), G.regular() + 2 * G.defining()
SPEC = {"first": (V, W), "second": (W, V)}
ONE = {"first": (V, W)}
SQUARED = Frobenius(squared=True)
NORMS = [Frobenius(), SQUARED, Spectral(), KyFan(3), Nuclear(), Schatten(4), Entrywise(1)]


def draw(shapes, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return jax.tree_util.tree_map(
        lambda s: jnp.asarray(rng.standard_normal(s), dtype), shapes, is_leaf=lambda s: isinstance(s, tuple)
    )


def net(dtype=np.float64, seed=0):
    shapes = {
        "first": {"kernel": (V.dim, W.dim), "bias": (W.dim,)},
        "second": {"kernel": (W.dim, V.dim), "bias": (V.dim,)},
        "third": {"kernel": (V.dim, 3)},
    }
    return draw(shapes, dtype, seed)


def slow(params, norm, residual=1.0, equivariant=0.0, spec=ONE):
    """The penalty by numpy, parameter by parameter."""
    total = 0.0
    for layer, (A, B) in spec.items():
        kernel, bias = (np.asarray(params[layer][k], np.float64) for k in ("kernel", "bias"))
        for T, H in ((kernel.T, Hom(A, B)), (bias[:, None], Hom(G.trivial(), B))):
            total += residual * penalty(T, H, norm) + equivariant * penalty(T, H, norm, part="equivariant")
    return total.item()


def dot(a, b):
    return sum(jnp.vdot(x, y).real for x, y in zip(*map(jax.tree_util.tree_leaves, (a, b)), strict=True))


def near(a, b, tolerance):
    for x, y in zip(*map(jax.tree_util.tree_leaves, (a, b)), strict=True):
        scale = max(float(np.abs(y).max()), 1e-300)
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=0, atol=tolerance * scale)
