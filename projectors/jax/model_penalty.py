"""The penalty of a JAX model: norms of T - P(T) and of P(T), summed over the parameters of a pytree; pure functions of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.dtypes import canonicalize_dtype

from grouprep.errors import GroupRepError
from grouprep.linalg.pickling import Picklable
from projectors.hom import Hom
from projectors.jax.decay import GradientTransformation, decay_updates, transformation
from projectors.jax.flow import check_function
from projectors.jax.following import leading
from projectors.jax.functions import norms, project, residual
from projectors.jax.naming import leaf_names, match_leaves
from projectors.jax.terms import PyTree, Scalar, Term, check_finite, is_array, make_term
from projectors.models.naming import check_spec, refuse_unmatched, value_for
from projectors.models.report import CheckReport, PenaltyReport, term_report
from projectors.models.specs import LayerSpec, SpecLike, as_specs
from projectors.models.terms import distinct
from projectors.penalties import Frobenius, Norm, State

__all__ = ["EquivariancePenalty", "Parts"]

_Weights: TypeAlias = float | tuple[tuple[str, float], ...]  # for all, or by name or pattern
_Followed: TypeAlias = dict[str, tuple[State, ...]]  # of each parameter, the states of its parts that have a weight


class Parts(NamedTuple):
    """The norms of one parameter, 0-dimensional arrays: residual is N(T - P(T)), equivariant N(P(T))."""

    residual: jax.Array
    equivariant: jax.Array


@dataclass(frozen=True, init=False, repr=False)
class EquivariancePenalty(Picklable):
    """The total of lambda_perp N(T - P(T)) + lambda_G N(P(T)) over parameters of a pytree, exactly, over the whole group.

    A pure function of the parameters, for jit, grad, vmap and second derivatives. Immutable and hashable; it holds no parameters.

    Parameters
    ----------
    spec : for each parameter or layer, the pair (V, W) of its input's and output's representation, or a `LayerSpec`. Names are
        the keys of the pytree joined by "/", or fnmatch patterns of them. A layer is what holds a "kernel", "weight", "w" or
        "embedding"; naming the layer takes its "bias", "b" or "offset" with it, as Hom(trivial, W). A normalisation layer holds a
        "scale" (or a one-dimensional "weight"): its pair is (V, V), for permutation features.
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

    spec: tuple[tuple[str, LayerSpec], ...]
    norm: Norm
    residual: _Weights
    equivariant: _Weights
    _terms: dict[Hashable, tuple[Term, ...]] = field(compare=False)  # for each kind of pytree that has been met
    _homs: dict[Hom, Hom] = field(compare=False)  # the spaces that have been solved

    def __init__(
        self,
        spec: Mapping[str, SpecLike],
        norm: Norm | None = None,
        *,
        residual: float | Mapping[str, float] = 1.0,
        equivariant: float | Mapping[str, float] = 0.0,
    ) -> None:
        norm = Frobenius() if norm is None else norm
        if not isinstance(norm, Norm):
            raise GroupRepError(f"norm = {norm!r:.60} is not a norm; use Frobenius(), Spectral(), ...")
        check_spec(spec, "parameter", "dense/kernel")
        self.__setstate__(
            {
                "spec": tuple((name, _layer_spec(value, name)) for name, value in spec.items()),
                "norm": norm,
                "residual": _weights(residual, "residual"),
                "equivariant": _weights(equivariant, "equivariant"),
            }
        )

    def __getstate__(self) -> dict[str, object]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.compare}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _terms={}, _homs={})

    # The parameters of a pytree

    def terms(self, params: PyTree) -> tuple[Term, ...]:
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
        known = {k: (tuple(x.shape), canonicalize_dtype(x.dtype)) for k, x in enumerate(leaves) if is_array(x)}
        key = (tree, tuple(known.items()), canonicalize_dtype(int))
        if key not in self._terms:
            flip = self.norm.unitarily_invariant  # then transposes have the same norms
            named = match_leaves(dict(self.spec), leaf_names(params), known)
            for what, given in (("residual", self.residual), ("equivariant", self.equivariant)):
                refuse_unmatched(_mapping(given), [one[1] for one in named], what)
            self._terms[key] = tuple(make_term(one, known[one[0]], self._homs, flip) for one in named)
        return self._terms[key]

    def _distinct(self, params: PyTree) -> tuple[list[jax.Array], list[tuple[Term, tuple[str, ...]]]]:
        """All leaves, and the terms without repetitions of an array, each with the other names of its array."""
        leaves = jax.tree_util.tree_leaves(params)
        return leaves, distinct(self.terms(params), lambda term: id(leaves[term.leaf]))

    def _read(self, params: PyTree) -> tuple[list[jax.Array], list[Term]]:
        """All leaves, and the terms without repetitions of an array; what can be seen is finite."""
        leaves, found = self._distinct(params)
        for term, _ in found:
            if not isinstance(leaves[term.leaf], jax.core.Tracer):
                check_finite(term.name, leaves[term.leaf])
        return leaves, [term for term, _ in found]

    def _weights_of(self, term: Term) -> tuple[float, float]:
        return (
            float(value_for(term.name, _mapping(self.residual), 1.0, "residual")),
            float(value_for(term.name, _mapping(self.equivariant), 0.0, "equivariant")),
        )

    # Values

    def __call__(self, params: PyTree) -> jax.Array:
        """The total, a 0-dimensional array: add it to the loss.

        Parameters
        ----------
        params : the pytree. Leaves that are one array count once; jit and grad take such leaves apart, so tie weights inside the
            function that they transform.
        """
        leaves, terms = self._read(params)
        weighted = []
        for term in terms:
            weights = self._weights_of(term)
            parts = norms(self.norm, term.read(leaves), term.projection, term.away, bool(weights[1]))
            weighted += [w * jnp.sum(value) for w, value in zip(weights, parts, strict=True)]
        return sum(weighted[1:], weighted[0])

    def values(self, params: PyTree) -> dict[str, Parts]:
        """The norms of every parameter without weights, for weights that change with the step: {name: Parts}."""
        leaves, terms = self._read(params)
        found = {t.name: norms(self.norm, t.read(leaves), t.projection, t.away, True) for t in terms}
        return {name: Parts(*(jnp.sum(value) for value in parts)) for name, parts in found.items()}

    def init(self, params: PyTree, rng: int | np.random.Generator = 0, width: int = 4) -> _Followed:
        """The state before the first `step`, a pytree.

        Parameters
        ----------
        params : the pytree, of arrays or of `jax.ShapeDtypeStruct`.
        rng, width : as in `Norm.init`.
        """

        def start(term: Term) -> State:
            return self.norm.init(term.stored.operators, xp=jnp, dtype=term.dtype, rng=rng, width=width)

        return {t.name: tuple(start(t) for weight in self._weights_of(t) if weight) for t in self.terms(params)}

    def step(self, params: PyTree, state: _Followed, iterations: int = 2) -> tuple[Scalar, _Followed]:
        """(total, next state) for parameters that move slowly: `Spectral` and `KyFan` follow their leading singular values.

        Other norms are exact. The state carries no derivative; of the norms that are followed there are first ones only.

        Parameters
        ----------
        params : the pytree.
        state : from `init`, or from the step before.
        iterations : as in `Norm.step`.
        """
        if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
            raise GroupRepError(f"iterations = {iterations!r:.40}: a positive integer is needed")
        leaves, terms = self._read(params)
        values: list[jax.Array] = []
        following = dict(state)
        waiting: list[tuple[Term, int, float, jax.Array, State]] = []  # those that are followed, all at once
        for term in terms:
            if term.name not in state:
                raise GroupRepError(
                    f'state has nothing of "{term.name}"; it must come from init or step of these params'
                )
            T = term.read(leaves)
            R = residual(T, term.projection, term.away)
            weighted = [(w, X) for w, X in zip(self._weights_of(term), (R, T - R)) if w]
            if len(weighted) != len(state[term.name]):
                raise GroupRepError(
                    f'state has {len(state[term.name])} blocks of "{term.name}", and {len(weighted)} of its parts have a weight; it must '
                    "come from init of this penalty"
                )
            following[term.name] = state[term.name]
            for place, ((weight, X), before) in enumerate(zip(weighted, state[term.name], strict=True)):
                if self._is_followed(X, before, iterations):
                    waiting.append((term, place, weight, X, before))
                    continue
                first, second = norms(self.norm, T, term.projection, term.away, X is not R)
                values.append(weight * jnp.sum(first if X is R else second))
                after = State(before.V, before.steps + 1)
                following[term.name] = _replaced(following[term.name], place, after)
        if waiting:
            operators, states = [one[3] for one in waiting], [one[4] for one in waiting]
            found, after_all = leading(operators, states, self.norm.follows, iterations)
            for (term, place, weight, *_), value, after in zip(waiting, found, after_all, strict=True):
                values.append(weight * jnp.sum(value))
                following[term.name] = _replaced(following[term.name], place, after)
        return sum(values[1:], values[0]) if values else jnp.zeros(()), following

    def _is_followed(self, X: jax.Array, state: State, iterations: int) -> bool:
        """Whether a norm of operators is followed: not where it is one of vectors, or the space would be everything."""
        return self.norm.follows > 0 and min(X.shape[-2:]) > max(1, iterations * state.V.shape[-1])

    # What is done with the data

    def check(self, f: Callable[..., object], params: PyTree, *inputs: object, strict: bool = False) -> CheckReport:
        """Whether each layer's output is the next one's input, and whether what is done between respects it.

        The function is traced, not run: products with specified parameters, biases, scales, sums, elementwise functions, reductions and
        concatenations are followed, also inside jit. Loops, branches, products of data with data (attention), slices and gathers are not;
        the report names them.

        Parameters
        ----------
        f : the model, f(params, *inputs).
        params, inputs : arrays, or `jax.ShapeDtypeStruct`.
        strict : raise where there is an error.

        Raises
        ------
        GroupRepError
            If strict and something cannot be equivariant, and as the class says of parameters.

        Examples
        --------
        >>> import jax, jax.numpy as jnp
        >>> from grouprep import Cyclic
        >>> V = Cyclic(4).defining()
        >>> pen = EquivariancePenalty({"dense": (V, V)})
        >>> params = {"dense": {"kernel": jnp.eye(2), "bias": jnp.zeros(2)}}
        >>> model = lambda p, x: jax.nn.relu(x @ p["dense"]["kernel"] + p["dense"]["bias"])
        >>> pen.check(model, params, jnp.ones((3, 2))).ok
        False
        """
        leaves, _ = jax.tree_util.tree_flatten(params)
        arrays = [k for k, x in enumerate(leaves) if is_array(x)]
        _ = self.terms(params)  # they fit
        named = match_leaves(dict(self.spec), leaf_names(params), arrays)
        report = check_function(f, params, inputs, {k: (n, s, leaves[k].ndim < 2 or b) for k, n, s, b in named})
        if strict and not report.ok:
            raise GroupRepError("the model cannot be equivariant as specified:\n" + str(report))
        return report

    # Other parameters

    def project(self, params: PyTree) -> PyTree:
        """The pytree with every specified parameter made exactly equivariant, P(T); the other leaves as they are."""
        leaves, tree = jax.tree_util.tree_flatten(params)
        for term in self.terms(params):
            P = project(term.read(leaves), term.projection)
            leaves[term.leaf] = term.write(P, leaves[term.leaf])
        return jax.tree_util.tree_unflatten(tree, leaves)

    def decay_updates(self, params: PyTree, learning_rate: Scalar) -> PyTree:
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

    def decay(self, learning_rate: Scalar | Callable[[Scalar], Scalar]) -> GradientTransformation:
        """`decay_updates` as a gradient transformation (init, update) of the kind that optax chains; learning_rate may be a schedule.

        Parameters
        ----------
        learning_rate : a number, or a function of the number of updates before.
        """
        return transformation(self.decay_updates, learning_rate)

    def report(self, params: PyTree) -> PenaltyReport:
        """The record in plain numbers, computed in double precision: norms, shares, and which pairs of irreps break the symmetry.

        Parameters
        ----------
        params : the pytree, of arrays with values.

        Raises
        ------
        GroupRepError
            If entries are not finite.
        """
        leaves, found = self._distinct(params)
        records = []
        for term, also in found:
            T = term.host(leaves)
            records.append(term_report(term, T, term.hom.project(T), self.norm, self._weights_of(term), also))
        return PenaltyReport(sum(record.total for record in records), tuple(records))

    def __repr__(self) -> str:
        return f"EquivariancePenalty({', '.join(name for name, _ in self.spec)}; {self.norm})"


def _replaced(states: tuple[State, ...], place: int, state: State) -> tuple[State, ...]:
    return (*states[:place], state, *states[place + 1 :])


def _layer_spec(value: object, name: str) -> LayerSpec:
    """What stands beside a name, as a `LayerSpec`."""
    (spec, *others) = as_specs(value, name)
    if isinstance(spec, LayerSpec):
        return spec
    kind = type(spec).__name__ + ("s" if others else "")
    raise GroupRepError(
        f'spec["{name}"]: {kind} are for modules of torch; a pytree has parameters with names of their own: give each a pair (V, W) or '
        "a LayerSpec"
    )


def _number(given: object, what: str) -> float:
    if isinstance(given, bool) or not isinstance(given, Real) or not np.isfinite(float(given)):
        raise GroupRepError(
            f"{what} = {given!r:.40}: a finite number is needed; for weights that change with the step see `values`"
        )
    return float(given)


def _weights(given: object, what: str) -> _Weights:
    if isinstance(given, Mapping):
        return tuple((name, _number(value, f'{what}["{name}"]')) for name, value in given.items())
    return _number(given, what)


def _mapping(weights: _Weights) -> Mapping[str, float] | float:
    return dict(weights) if isinstance(weights, tuple) else weights
