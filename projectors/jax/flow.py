"""The data of a JAX model followed through its trace: which representation each array is in, and what is done with it.

What is followed: products and convolutions with specified parameters, their biases and scales, sums, elementwise functions, normalisation
written out, reductions, concatenations, reshapes, and functions inside jit, remat and custom derivatives. What is not: loops and
branches (scan, while, cond), products of data with data (attention), slices, sorts, gathers. Of these, and of anything else that the
representation may not survive, the report says that it was not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import add
from typing import Any, TypeAlias

import jax

from grouprep.representations import Representation
from grouprep.representations.composite import Tensor
from grouprep.representations.grid import GridRepresentation
from projectors.models.fitting import entrywise, joint, odd
from projectors.models.report import CheckReport, Finding
from projectors.models.specs import LayerSpec

__all__ = ["Parameter", "check_function"]

Parameter: TypeAlias = tuple[str, LayerSpec, bool]  # its name, what is said of it, whether it is a bias or a scale


@dataclass(frozen=True)
class _Data:
    """Features in a representation, their "squares", a "scalar" that all channels share, or an image that is flattened: its "pixels first"
    or its "channels first".
    """

    layer: str
    V: Representation
    kind: str = "features"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_Tag: TypeAlias = "_Data | Parameter | None"

_KEPT = _names(
    "neg convert_element_type copy copy_p reshape transpose squeeze expand_dims broadcast_in_dim stop_gradient "
    "reduce_precision sharding_constraint device_put real optimization_barrier"
)
_ODD = _names("tanh sin asin atan sinh asinh erf cbrt sign round")
_ANY = _names(
    "exp exp2 log log1p expm1 logistic abs sqrt rsqrt square cos pow max min integer_pow erfc erf_inv floor ceil gt "
    "ge lt le eq ne select_n is_finite and or not clamp"
)
_REDUCING = {"reduce_sum", "reduce_max", "reduce_min", "reduce_window_sum", "reduce_window_max"}
_PRODUCTS = {"dot_general", "conv_general_dilated"}


def check_function(
    f: Callable[..., object], params: object, inputs: Sequence[object], parameters: Mapping[int, Parameter]
) -> CheckReport:
    """What is wrong on the way of the data through f(params, *inputs), from its trace; nothing is computed.

    Parameters
    ----------
    f : the function; params, inputs : its arguments, arrays or shapes.
    parameters : of the leaves of params that are specified, by their place.
    """
    closed = jax.make_jaxpr(f)(params, *inputs)
    leaves = len(jax.tree_util.tree_leaves(params))
    flow = _Flow()
    given: list[_Tag] = [parameters.get(k) if k < leaves else None for k in range(len(closed.jaxpr.invars))]
    flow.run(closed.jaxpr, given)
    layers = {name for name, _, is_vector in parameters.values() if not is_vector}
    for name in sorted(layers - flow.met):
        text = "it was not met on the way of the data, so nothing is known of what is done with it"
        flow.findings.append(Finding("warning", name, text))
    return CheckReport(tuple(dict.fromkeys(flow.findings)), len(layers))


class _Flow:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.met: set[str] = set()

    def run(self, jaxpr: Any, given: Sequence[_Tag]) -> list[_Tag]:
        """The tags of what a traced function returns."""
        known: dict[Any, _Tag] = dict(zip(jaxpr.invars, given, strict=True))

        def of(atom: Any) -> _Tag:
            return None if hasattr(atom, "val") else known.get(atom)

        for equation in jaxpr.eqns:
            tags = [of(atom) for atom in equation.invars]
            inner = next(
                (equation.params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in equation.params), None
            )
            looped = equation.primitive.name in ("scan", "while", "cond")
            if inner is not None and not looped:
                body = getattr(inner, "jaxpr", inner)
                outs = self.run(body, tags[len(tags) - len(body.invars) :])
            else:
                sizes = [atom.aval.size for atom in equation.invars]
                out = self._after(equation, tags, sizes)
                outs = [out] * len(equation.outvars)
            known.update(zip(equation.outvars, outs, strict=False))
        return [of(atom) for atom in jaxpr.outvars]

    def _after(self, equation: Any, tags: list[_Tag], sizes: list[int]) -> _Tag:
        name, data = equation.primitive.name, [t for t in tags if isinstance(t, _Data)]
        named = [t for t in tags if isinstance(t, tuple)]
        if name in _PRODUCTS and len(named) == 1 and not named[0][2]:
            return self._layer(named[0], data)
        if not data:
            return named[0] if named and name in _KEPT and len(tags) == 1 else None
        first = data[0]
        where = f'{name} after "{first.layer}"'
        if name == "reshape":
            return self._reshaped(where, first, equation)
        if name in _KEPT:
            return first
        if name == "concatenate" and len(data) == len(tags) and all(t.kind == "features" for t in data):
            return _Data(" and ".join(t.layer for t in data), reduce(add, (t.V for t in data)))
        if name in _REDUCING:
            return self._reduced(where, name, first, equation)
        if name in ("add", "add_any", "sub", "mul", "div"):
            return self._combined(where, name, tags, sizes)
        if all(t.kind == "scalar" for t in data) and name in _ANY | _ODD:
            return first
        power = equation.params.get("y") if name == "integer_pow" else None
        if (name == "square" or power == 2) and first.kind == "features":
            return _Data(first.layer, first.V, "squares")
        if name in _ODD or (power is not None and power % 2):
            self.findings += odd(where, name, first.layer, first.V)
            return first
        if name in _ANY:
            self._alike(where, data)
            self.findings += entrywise(where, name, first.layer, first.V)
            return first
        text = f"{name} is not followed: whether it commutes with {first.V} is not checked"
        self.findings.append(Finding("warning", where, text))
        return None

    def _layer(self, parameter: Parameter, data: list[_Data]) -> _Tag:
        name, spec, _ = parameter
        self.met.add(name)
        for t in data:
            if t.kind == "squares":
                self.findings += entrywise(f'square after "{t.layer}"', "square", t.layer, t.V)
            self.findings += _joint(t, name, spec.V)
        return _Data(name, spec.W)

    def _reshaped(self, where: str, t: _Data, equation: Any) -> _Tag:
        """Channels keep their axis, or are joined with the pixels before or behind them."""
        old, new = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
        if t.kind == "scalar" or t.V.dim == 1:
            return t
        at = [k for k, size in enumerate(old) if size == t.V.dim]
        if len(at) == 1 and t.kind in ("features", "squares"):
            starts = {prod(new[:j]): size for j, size in enumerate(new)}
            before, behind = prod(old[: at[0]]), prod(old[at[0] + 1 :])
            if starts.get(before) == t.V.dim:
                return t
            if starts.get(before) == t.V.dim * behind:
                return _Data(t.layer, t.V, "channels first")
            if behind == 1 and new[-1] % t.V.dim == 0 and new[-1] > t.V.dim:
                return _Data(t.layer, t.V, "pixels first")
        text = f"reshape from {old} to {new} is not followed: what becomes of the channels of {t.V} is not known"
        self.findings.append(Finding("warning", where, text))
        return None

    def _reduced(self, where: str, name: str, t: _Data, equation: Any) -> _Tag:
        if t.kind == "scalar":
            return t
        shape, axes = equation.invars[0].aval.shape, equation.params.get("axes")
        if axes is None:  # a window, which reduces the axes along which it is longer than 1
            axes = [k for k, size in enumerate(equation.params["window_dimensions"]) if size > 1]
        if t.kind not in ("features", "squares"):
            shape = ()
        over = {k in axes for k, size in enumerate(shape) if size == t.V.dim}
        if len(over) != 1:  # any of these axes may be the channels'
            text = f"{name} over the axes {tuple(axes)} of {shape} is not followed: which axis has the channels of {t.V} is not known"
            self.findings.append(Finding("warning", where, text))
            return None
        if over == {False}:
            if name.endswith(("max", "min")):
                self.findings += entrywise(where, name, t.layer, t.V)
            return t
        if t.kind == "features" or not t.V.is_unitary:  # sums of squares over channels are invariant for orthogonal V
            self.findings += entrywise(where, f"{name} over the channels", t.layer, t.V)
        return _Data(t.layer, t.V, "scalar")

    def _combined(self, where: str, name: str, tags: list[_Tag], sizes: list[int]) -> _Tag:
        data = [t for t in tags if isinstance(t, _Data)]
        features = [t for t in data if t.kind != "scalar"] or data
        first, product = features[0], name in ("mul", "div")
        if first.kind == "scalar":
            return first
        self._alike(where, features)
        for t, size in zip(tags, sizes, strict=True):
            if isinstance(t, tuple):
                if t[1].W != first.V:
                    text = f'"{t[0]}" is in {t[1].W}, what it meets after "{first.layer}" in {first.V}'
                    self.findings.append(Finding("error", where, text))
                elif product:
                    self.findings += entrywise(where, "a scale of its own for each channel", first.layer, first.V)
            elif t is None and size > 1:
                self.findings.append(
                    Finding("warning", where, f"{first.V} meets an array whose representation is not known")
                )
                return None
            elif not product and (t is None or t.kind == "scalar"):
                self.findings += entrywise(where, "a number that is added to every channel", first.layer, first.V)
        if product and len(features) > 1:
            same = name == "mul" and features[0] == features[1] and len({id(t) for t in features}) == 1
            if same:
                return _Data(first.layer, first.V, "squares")
            self.findings += entrywise(where, name, first.layer, first.V)
        return first

    def _alike(self, where: str, data: list[_Data]) -> None:
        first = data[0]
        for t in data[1:]:
            if t.V != first.V and "scalar" not in (t.kind, first.kind):
                text = f'{first.V} after "{first.layer}" meets {t.V} after "{t.layer}"; both have to be in one representation'
                self.findings.append(Finding("error", where, text))


def _joint(t: _Data, after: str, V: Representation) -> list[Finding]:
    """What is wrong where data are the input V of a layer: flattened images are in W * grid, or in grid * W."""
    if t.kind not in ("pixels first", "channels first"):
        return [] if V == t.V else joint(t.layer, t.V, after, V)[:1]
    place = 0 if t.kind == "pixels first" else -1
    if isinstance(V, Tensor) and isinstance(V.parts[place], GridRepresentation):
        channels = V.parts[1:] if place == 0 else V.parts[:-1]
        if t.V in (channels[0] if len(channels) == 1 else None, Tensor(channels)):
            return []
    order = "grid * W" if place == 0 else "W * grid"
    text = f'its input is {V}, but "{t.layer}" gives an image of W = {t.V} that is flattened with its {t.kind}, which is {order}'
    return [Finding("error", after, text)]
