"""The penalty of a JAX model: norms of T - P(T) and of P(T), summed over the parameters of a pytree; pure functions of it."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.dtypes import canonicalize_dtype

from grouprep.errors import GroupRepError
from grouprep.linalg.pickling import Picklable
from projectors.hom import Hom
from projectors.jax.decay import GradientTransformation, decay_updates, transformation
from projectors.jax.functions import norms, project
from projectors.jax.naming import leaf_names, match_leaves
from projectors.jax.report import PenaltyReport
from projectors.jax.specs import as_spec
from projectors.jax.terms import Term, check_finite, distinct, is_array, make_term
from projectors.penalties import Frobenius, Norm, State
from projectors.penalties.named_values import refuse_unmatched, value_for
from projectors.penalties.records import TermReport, block_norms

__all__ = ["EquivariancePenalty", "Parts"]

_Followed = dict[str, tuple[State, ...]]  # of each parameter, the states of its parts that have a weight


class Parts(NamedTuple):
    """The norms of one parameter, 0-dimensional arrays: residual is N(T - P(T)), equivariant N(P(T))."""

    residual: Any
    equivariant: Any


class EquivariancePenalty(Picklable):
    """The total of lambda_perp N(T - P(T)) + lambda_G N(P(T)) over parameters of a pytree, exactly, over the whole group.

    A pure function of the parameters, for jit, grad, vmap and second derivatives. Immutable and hashable; it holds no parameters.

    Parameters
    ----------
    spec : for each parameter or layer, the pair (V, W) of its input's and output's representation, or a `LayerSpec`. Names are
        the keys of the pytree joined by "/", or fnmatch patterns of them. A layer is what holds a "kernel", "weight", "w" or
        "embedding"; naming the layer takes its "bias" or "b" with it, as Hom(trivial, W).
    norm : N, `Frobenius()` if not given.
    residual, equivariant : lambda_perp and lambda_G: a number, or a mapping from parameters' names or patterns to numbers
        (parameters that match none: the default).

    Raises
    ------
    GroupRepError
        If the specification is empty or malformed, or norm or weights are. Called with parameters: if a name matches nothing,
        two match one parameter, sizes do not fit (DimensionMismatch), a representation has no invariant positive form
        (NotUnitary), or entries that can be seen outside of traces are not finite.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> from grouprep import Cyclic
    >>> from projectors.jax import EquivariancePenalty
    >>> V = Cyclic(2).natural()
    >>> pen = EquivariancePenalty({"dense": (V, V)})
    >>> params = {"dense": {"kernel": jnp.array([[1.0, 2.0], [2.0, 1.0]]), "bias": jnp.array([3.0, -3.0])}}
    >>> value, gradient = jax.jit(jax.value_and_grad(pen))(params)
    >>> round(float(value), 3), gradient["dense"]["bias"].round(3).tolist()
    (4.243, [0.707..., -0.707...])

    References
    ----------
    Berndt and Stuehmer, Approximate equivariance via projection-based regularisation, arXiv 2601.05028.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        norm: Norm | None = None,
        *,
        residual: float | Mapping[str, float] = 1.0,
        equivariant: float | Mapping[str, float] = 0.0,
    ) -> None:
        self.norm = Frobenius() if norm is None else norm
        if not isinstance(self.norm, Norm):
            raise GroupRepError(f"norm = {norm!r:.60} is not a norm; use Frobenius(), Spectral(), ...")
        if not isinstance(spec, Mapping) or not spec:
            raise GroupRepError(
                'spec is empty; give at least one parameter, such as {"dense/kernel": (V, W)}'
                if isinstance(spec, Mapping)
                else f"spec must be a mapping from parameters' names to (V, W), got {type(spec).__name__}"
            )
        for name in spec:
            if not isinstance(name, str):
                raise GroupRepError(f'spec: parameters are named by text such as "dense/kernel", got {name!r:.40}')
        self.spec = tuple((name, as_spec(value, name)) for name, value in spec.items())
        self.residual = _weights(residual, "residual")
        self.equivariant = _weights(equivariant, "equivariant")
        self._terms: dict[Any, tuple[Term, ...]] = {}
        self._homs: dict[Hom, Hom] = {}

    # The parameters of a pytree

    def terms(self, params: Any) -> tuple[Term, ...]:
        """The parameters that the specification means, with their layouts and spaces; solved once for all trees of these shapes.

        Parameters
        ----------
        params : the pytree, of arrays or of `jax.ShapeDtypeStruct`.

        Raises
        ------
        GroupRepError
            As the class says of parameters.
        """
        leaves, tree = jax.tree_util.tree_flatten(params)
        known = [(tuple(x.shape), canonicalize_dtype(x.dtype)) if is_array(x) else None for x in leaves]
        key = (tree, tuple(known), canonicalize_dtype(int))
        if key not in self._terms:
            flip = self.norm.unitarily_invariant  # then transposes have the same norms
            named = match_leaves(self.spec, leaf_names(params), [one is not None for one in known])
            for what, given in (("residual", self.residual), ("equivariant", self.equivariant)):
                refuse_unmatched(_mapping(given), [one[1] for one in named], what)
            self._terms[key] = tuple(make_term(one, known[one[0]], self._homs, flip) for one in named)
        return self._terms[key]

    def _read(self, params: Any) -> tuple[list[Any], tuple[Term, ...]]:
        """All leaves, and the terms without repetitions of an array; what can be seen is finite."""
        terms, leaves = self.terms(params), jax.tree_util.tree_leaves(params)
        kept = tuple(terms[k] for k in distinct(terms, leaves))
        for term in kept:
            if not isinstance(leaves[term.leaf], jax.core.Tracer):
                check_finite(term.name, leaves[term.leaf])
        return leaves, kept

    def _weights_of(self, term: Term) -> tuple[float, float]:
        return (
            float(value_for(term.name, _mapping(self.residual), 1.0, "residual")),
            float(value_for(term.name, _mapping(self.equivariant), 0.0, "equivariant")),
        )

    # Values

    def __call__(self, params: Any) -> Any:
        """The total, a 0-dimensional array: add it to the loss.

        Parameters
        ----------
        params : the pytree. Leaves that are one array count once; jit and grad take such leaves apart, so tie weights inside the
            function that they transform.
        """
        leaves, terms = self._read(params)
        total: Any = 0.0
        for term in terms:
            weights = self._weights_of(term)
            parts = norms(self.norm, term.read(leaves), term.projection, bool(weights[1]))
            total = total + sum(w * jnp.sum(value) for w, value in zip(weights, parts))
        return total

    def values(self, params: Any) -> dict[str, Parts]:
        """The norms of every parameter without weights, for weights that change with the step: {name: Parts}."""
        leaves, terms = self._read(params)
        found = {t.name: norms(self.norm, t.read(leaves), t.projection, True) for t in terms}
        return {name: Parts(*(jnp.sum(value) for value in parts)) for name, parts in found.items()}

    def init(self, params: Any, rng: Any = 0, width: int = 4) -> _Followed:
        """The state before the first `step`, a pytree.

        Parameters
        ----------
        params : the pytree, of arrays or of `jax.ShapeDtypeStruct`.
        rng, width : as in `Norm.init`.
        """
        state = {}
        for term in self.terms(params):
            count = sum(map(bool, self._weights_of(term)))
            options = {"xp": jnp, "dtype": term.dtype, "rng": rng, "width": width}
            state[term.name] = tuple(self.norm.init(term.stored.operators, **options) for _ in range(count))
        return state

    def step(self, params: Any, state: _Followed, iterations: int = 2) -> tuple[Any, _Followed]:
        """(total, next state) for parameters that move slowly: `Spectral` and `KyFan` follow their leading singular values.

        Other norms are exact. The state carries no derivative; of the norms that are followed there are first ones only.

        Parameters
        ----------
        params : the pytree.
        state : from `init`, or from the step before.
        iterations : as in `Norm.step`.
        """
        leaves, terms = self._read(params)
        total: Any = 0.0
        following = dict(state)
        for term in terms:
            if term.name not in state:
                raise GroupRepError(
                    f'state has nothing of "{term.name}"; it must come from init or step of these params'
                )
            T = term.read(leaves)
            P = project(T, term.projection)
            weighted = [(w, X) for w, X in zip(self._weights_of(term), (T - P, P)) if w]
            states = []
            for (weight, X), before in zip(weighted, state[term.name], strict=True):
                value, after = self.norm.step(X, before, iterations=iterations)
                states.append(jax.lax.stop_gradient(after))
                total = total + weight * jnp.sum(value)
            following[term.name] = tuple(states)
        return total, following

    # Other parameters

    def project(self, params: Any) -> Any:
        """The pytree with every specified parameter made exactly equivariant, P(T); the other leaves as they are."""
        leaves, tree = jax.tree_util.tree_flatten(params)
        for term in self.terms(params):
            P = project(term.read(leaves), term.projection)
            leaves[term.leaf] = term.write(P, leaves[term.leaf])
        return jax.tree_util.tree_unflatten(tree, leaves)

    def decay_updates(self, params: Any, learning_rate: Any) -> Any:
        """What to add to the parameters: -learning_rate (lambda_perp (T - P(T)) + lambda_G P(T)), 0 for parameters not specified.

        This is the gradient of half the squared Frobenius norms, applied as AdamW applies its decay, apart from the loss; `norm` has
        no part in it.

        Parameters
        ----------
        params : the pytree.
        learning_rate : a number or a 0-dimensional array.

        Returns
        -------
        A pytree as params; None in place of leaves that are no arrays.
        """
        terms = [(term, *self._weights_of(term)) for term in self.terms(params)]
        return decay_updates(terms, params, learning_rate)

    def decay(self, learning_rate: Any) -> GradientTransformation:
        """`decay_updates` as a gradient transformation (init, update) of the kind that optax chains; learning_rate may be a schedule.

        Parameters
        ----------
        learning_rate : a number, or a function of the number of updates before.
        """
        return transformation(self.decay_updates, learning_rate)

    def report(self, params: Any) -> PenaltyReport:
        """The record in plain numbers, computed in double precision: norms, shares, and which pairs of irreps break the symmetry.

        Parameters
        ----------
        params : the pytree, of arrays with values.

        Raises
        ------
        GroupRepError
            If entries are not finite.
        """
        terms, leaves = self.terms(params), jax.tree_util.tree_leaves(params)
        records, total = [], 0.0
        for k, also in distinct(terms, leaves).items():
            term = terms[k]
            T, weights = term.host(leaves), self._weights_of(term)
            P = term.hom.project(T)
            r, e = (float(np.sum(self.norm.value(X))) for X in (T - P, P))
            total += weights[0] * r + weights[1] * e
            size, left = (float(np.sum(self.norm.as_norm().value(X))) for X in (T, T - P))
            share = left / size if size else 0.0
            shape, dim = term.hom.shape, term.hom.dim
            records.append(
                TermReport(
                    term.name, r, e, size, share, *weights, shape, dim, also, block_norms(T, term.hom, self.norm)
                )
            )
        return PenaltyReport(total, tuple(records))

    # What it is

    def _key(self) -> tuple[Any, ...]:
        return self.spec, self.norm, self.residual, self.equivariant

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_terms": {}, "_homs": {}}

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, EquivariancePenalty) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"EquivariancePenalty({', '.join(name for name, _ in self.spec)}; {self.norm})"


def _weights(given: Any, what: str) -> Any:
    """A float, or pairs of a name or pattern and a float."""
    if isinstance(given, Mapping):
        return tuple((name, _weights(value, f'{what}["{name}"]')) for name, value in given.items())
    if isinstance(given, bool) or not isinstance(given, Real) or not np.isfinite(float(given)):
        raise GroupRepError(
            f"{what} = {given!r:.40}: a finite number is needed; for weights that change with the step see `values`"
        )
    return float(given)


def _mapping(weights: Any) -> Any:
    return dict(weights) if isinstance(weights, tuple) else weights
