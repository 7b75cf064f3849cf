"""Is a network equivariant? Measured end to end and layer by layer, on a copy whose specified weights are projected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.representations import Representation
from projectors.models.measure import Axes, Features, placed
from projectors.models.report import LayerDefect, Verification
from projectors.models.specs import LayerSpecs, SpecLike
from projectors.torch.compatibility import explain_by
from projectors.torch.copies import Copy
from projectors.torch.flow import findings_of, in_step, not_followed_of
from projectors.torch.lockstep import Key, Lockstep, elements_for, tensors_in
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.naming import unwrap

__all__ = ["verify"]

_LISTED = 64  # finite groups up to this order are gone through
_Given = Representation | Features | None


def verify(
    model: nn.Module,
    V: Representation | Features | Sequence[Representation | Features | None],
    W: Representation | Features | Sequence[Representation | Features | None],
    x: torch.Tensor | Sequence[object],
    spec: Mapping[str, SpecLike] | EquivariancePenalty | None = None,
    *,
    samples: int = 16,
    rng: np.random.Generator | int | Sequence[int] = 0,
) -> Verification:
    """Measure whether f(g x) = g f(x), where it is lost, by how much, and what no specification covers.

    A copy of the model is made, in double precision and evaluation mode, and its specified weights and running statistics are projected.
    It is run on x and on g x for elements g of the group: once as it is, which gives the error, and once with whatever the layers receive
    and give put right wherever its representation is known, so that each layer, and what lies between two, is measured by itself.
    The model itself, its gradients, buffers and mode, and the state of random generators stay as they are.

    Parameters
    ----------
    model : any module.
    V, W : representations of the input and the output: on a sample's entries, or on its channels, (batch, channels, pixels...), whose
        pixels follow the plane; `Features` for other axes. One for each of several inputs and outputs; None for an input that
        stands still, an output that is not judged.
    x : inputs (batch, ...); a tuple of them for a model that takes several.
    spec : as for `EquivariancePenalty`, or a penalty of this model; None: nothing is projected, and only the ends are compared.
    samples : how many elements of a group of more than 64 elements are drawn, besides its generators; rng : a numpy Generator or a seed.

    Returns
    -------
    Verification
        `.ok`, `.error`, `.layers`, `.uncovered`, `.findings`; its text is a table.

    Raises
    ------
    DimensionMismatch
        If V or W does not fit the number or the shape of inputs or outputs, or belongs to another group.
    GroupRepError
        If the specification does not fit the model, the model cannot be copied or run on x, or its outputs are not finite.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import verify
    >>> R = Cyclic(4).regular()
    >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4))
    >>> spec = {"0": (R, 2 * R), "2": (2 * R, R)}
    >>> verify(net, R, R, torch.randn(5, 4), spec).ok, verify(net, R, R, torch.randn(5, 4)).ok
    (True, False)

    References
    ----------
    Higham and Mary, A new approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 41 (2019): the tolerance.
    """
    if not isinstance(model, nn.Module):
        raise GroupRepError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    inputs = tuple(x) if isinstance(x, tuple | list) else (x,)
    given, wanted = _each(V, "V"), _each(W, "W")
    ways = _input_ways(inputs, given)
    group = next(U for U in given if U is not None)
    for U in (*given, *wanted):
        if U is not None and _bare(U).group != _bare(group).group:
            raise DimensionMismatch(
                f"V is a representation of {_bare(group).group}, W of {_bare(U).group}; equivariance needs one group"
            )
    layers = _layers(model, spec, _bare(group))

    def projected(made: Copy) -> frozenset[int]:
        made.project_()
        return frozenset(id(p) for _, p, _ in made.uncovered())

    try:
        steps, made = in_step(unwrap(model), layers, inputs, projected)
    except (RuntimeError, TypeError, IndexError) as wrong:
        raise GroupRepError(f"model cannot be run on x: {wrong}") from wrong
    plain, _ = in_step(unwrap(model), (), inputs, lambda made: frozenset())
    ends = _output_ways(steps, wanted)
    elements, exhaustive = elements_for(_bare(group).group, _LISTED, samples, np.random.default_rng(rng))
    totals: dict[Key, float] = {}
    error = before = 0.0
    for key, way in ends.items():
        steps.alive[key] = [way]
        steps.first[key] = way
    for key in [k for k in steps.alive if k.call < 0 and k not in ends]:
        steps.alive[key] = []
    for g in elements:
        steps.turn(g, ways)
    for g in elements:
        found, off = steps.apart(g, ways, ends)
        error = max(error, off)
        before = max(before, plain.apart(g, ways, ends)[1])
        for key, value in found.items():
            totals[key] = max(totals.get(key, 0.0), value)
    known = {id(p): name for name, p, _ in made.uncovered()}
    return Verification(
        error,
        steps.tolerance(None),
        _records(steps, totals, ends, error),
        (*known.values(), *(name for name, _ in made.uncovered_buffers())),
        tuple(findings_of(steps, ways, known, explain_by(made.model, layers))),
        tuple(not_followed_of(steps, layers)),
        len(elements),
        exhaustive,
        before,
    )


def _bare(features: Representation | Features) -> Representation:
    return features.V if isinstance(features, Features) else features


def _each(value: object, what: str) -> list[_Given]:
    out: list[Any] = list(value) if isinstance(value, tuple | list) else [value]
    for one in out:
        if one is not None and not isinstance(one, Representation | Features):
            raise GroupRepError(
                f"{what} must be a Representation such as G.regular(), Features, or a tuple of these, got {one!r:.60}"
            )
    if all(one is None for one in out):
        raise GroupRepError(f"{what}: at least one representation is needed")
    return out


def _input_ways(inputs: tuple[object, ...], given: Sequence[_Given]) -> list[Axes | None]:
    """How the group acts on each floating-point tensor of the inputs."""
    if len(inputs) != len(given):
        raise DimensionMismatch(
            f"V has {len(given)} representations, x has {len(inputs)} inputs; give one for each, or None for what stands still"
        )
    ways: list[Axes | None] = []
    for k, (one, U) in enumerate(zip(inputs, given, strict=True)):
        name = "x" if len(inputs) == 1 else f"x[{k}]"
        tensors = [t for t in tensors_in(one) if t.is_floating_point()]
        if U is not None and (not isinstance(one, torch.Tensor) or not tensors):
            kind = f"dtype {one.dtype}" if isinstance(one, torch.Tensor) else f"type {type(one).__name__}"
            raise GroupRepError(
                f"{name} has {kind}; {_bare(U)} acts on floating-point tensors (batch, ...); None: it stands still"
            )
        if U is not None and (tensors[0].ndim < 2 or not tensors[0].shape[0]):
            raise GroupRepError(
                f"{name} must be a tensor (batch, ...) with at least one sample, got shape {tuple(tensors[0].shape)}"
            )
        ways += [None if U is None else placed(U, t.shape, "first", f"V does not fit: {name}") for t in tensors]
    return ways


def _output_ways(steps: Lockstep, wanted: Sequence[_Given]) -> dict[Key, Axes]:
    """How the group acts on each output that is judged."""
    if len(steps.output) != len(wanted):
        raise DimensionMismatch(
            f"W has {len(wanted)} representations, the model gives {len(steps.output)} floating-point tensors; give one for each, or "
            "None for what is not judged"
        )
    out: dict[Key, Axes] = {}
    for k, (y, U) in enumerate(zip(steps.output, wanted, strict=True)):
        name = "the output" if len(wanted) == 1 else f"output {k}"
        if not torch.isfinite(y).all():
            raise GroupRepError(f"model: {name} has NaN or infinite entries; nothing can be measured")
        if U is not None:
            out[Key("", -1, "in", k)] = placed(U, y.shape, "first", f"W does not fit: {name}")
    return out


def _layers(
    model: nn.Module, spec: Mapping[str, SpecLike] | EquivariancePenalty | None, V: Representation
) -> tuple[LayerSpecs, ...]:
    """The layers of a specification, which has to be of this model and this group."""
    if spec is None:
        return ()
    pen = spec if isinstance(spec, EquivariancePenalty) else EquivariancePenalty(model, spec)
    if pen.model is not unwrap(model):
        raise GroupRepError("spec is a penalty of another model; give that model, or a mapping")
    group = pen.terms[0].hom.V.group
    if group != V.group:
        raise DimensionMismatch(
            f"V is a representation of {V.group}, the specification of {group}; equivariance needs one group"
        )
    return pen.layers


def _records(
    steps: Lockstep, totals: Mapping[Key, float], ends: Mapping[Key, Axes], error: float
) -> tuple[LayerDefect, ...]:
    """One record for each call of a specified layer, and one for the output."""
    records: list[LayerDefect] = []
    calls = list(dict.fromkeys((key.layer, key.call) for key in steps.base if key.call >= 0))
    for layer, call in calls:
        keys = [key for key in steps.base if (key.layer, key.call) == (layer, call) and key in steps.defects]
        ins = [key for key in keys if key.side == "in"]
        outs = [key for key in keys if key.side == "out"]
        if keys:
            records.append(
                LayerDefect(
                    layer or "model",
                    max((steps.defects[k] for k in ins), default=None),
                    max((steps.defects[k] for k in outs), default=None) if ins else None,
                    max((totals.get(k, 0.0) for k in outs or ins), default=0.0),
                    max(steps.tolerance(k) for k in keys),
                    _functions(steps, ins[:1]),
                )
            )
    last = [key for key in ends if key in steps.defects]
    if last and steps.layers:
        before, slack = max(steps.defects[k] for k in last), max(steps.tolerance(k) for k in last)
        records.append(LayerDefect("output", before, None, error, slack, _functions(steps, last[:1])))
    return tuple(records)


def _functions(steps: Lockstep, keys: Sequence[Key]) -> tuple[str, ...]:
    spans = [steps.segment[key] for key in keys]
    return tuple(dict.fromkeys(c.label for begin, end in spans for c in steps.calls[begin:end]))
