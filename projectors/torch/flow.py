"""What is wrong on the way of the data through a model, from runs in step on inputs that the group has moved.

Nothing is believed by its name: functions, modules and layers are judged by what they do, in double precision, with random equivariant
weights in place of the model's own, and with random ones in place of those that no specification covers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch import nn

from grouprep.representations import Representation
from projectors.models.fitting import entrywise, is_permutation, joint
from projectors.models.measure import Axes
from projectors.models.report import Finding
from projectors.models.specs import LayerSpecs
from projectors.torch.copies import Copy, double, private_copy
from projectors.torch.lockstep import Call, Key, Lockstep, Origin, elements_for

__all__ = ["Explain", "findings_of", "followed", "in_step", "not_followed_of"]

_POINTWISE = frozenset(
    (
        *(
            "relu",
            "relu6",
            "leaky_relu",
            "elu",
            "celu",
            "selu",
            "gelu",
            "silu",
            "mish",
            "sigmoid",
            "logsigmoid",
            "hardsigmoid",
        ),
        *(
            "hardswish",
            "softplus",
            "threshold",
            "rrelu",
            "exp",
            "log",
            "square",
            "sqrt",
            "abs",
            "pow",
            "clamp",
            "clamp_min",
        ),
        *("clamp_max", "tanh", "hardtanh", "softsign", "tanhshrink", "hardshrink", "softshrink", "sin", "mul"),
    )
)
Explain: TypeAlias = Callable[[str, "torch.Size | None"], list[str]]
_RANDOM = 3  # elements of a group that has no finite set of generators


def in_step(
    model: nn.Module,
    layers: Sequence[LayerSpecs],
    inputs: tuple[object, ...],
    prepare: Callable[[Copy], frozenset[int]],
) -> tuple[Lockstep, Copy]:
    """A copy of a model, prepared, and its runs in step: in double precision, or in its own where it cannot be run in that one."""
    made = Copy(private_copy(model).double(), layers)
    watched = prepare(made)
    try:
        return Lockstep(made.model, layers, tuple(double(x) for x in inputs), watched), made
    except (RuntimeError, TypeError):
        made = Copy(private_copy(model), layers)
        watched = prepare(made)
        return Lockstep(made.model, layers, inputs, watched), made


def followed(
    model: nn.Module, layers: Sequence[LayerSpecs], inputs: tuple[object, ...], explain: Explain
) -> tuple[list[Finding], list[str]]:
    """What is wrong on the way of the data, and what was not followed.

    Parameters
    ----------
    model : the model, which stays as it is; layers : the specified layers' names, and what is said of them.
    inputs : what the model is called with.
    explain : what is known to be wrong of a module, by its name and the shape of its input.
    """

    def equivariant(made: Copy) -> frozenset[int]:
        made.project_(torch.Generator().manual_seed(0))
        return frozenset(id(p) for _, p, _ in made.uncovered())

    names: dict[int, str] = {}

    def scattered(made: Copy) -> frozenset[int]:
        equivariant(made)
        names.clear()
        names.update(made.scatter_(torch.Generator().manual_seed(1)))
        return frozenset(names)

    steps, made = in_step(model, layers, inputs, equivariant)
    if not steps.pool:
        return [], ["no layer of the specification was met"]
    elements, _ = elements_for(
        steps.pool[0].group, 0, 0 if steps.pool[0].group.is_finite else _RANDOM, np.random.default_rng(0)
    )
    ways = steps.input_ways(elements)
    for g in elements:
        steps.turn(g, ways)
    known = {id(p): name for name, p, _ in made.uncovered()}
    found = findings_of(steps, ways, known, explain)
    found += _dropouts(steps)
    missing = not_followed_of(steps, layers)
    wrong = {key for key in steps.base if _is_off(steps, key)}
    if known or any(True for _ in made.uncovered_buffers()):
        free, _ = in_step(model, layers, inputs, scattered)
        free.alive = {key: (steps.alive.get(key) or alive) for key, alive in free.alive.items()}
        for g in elements:
            free.turn(g, ways)
        loose: dict[frozenset[str], Finding] = {}
        for key in free.base:
            if _is_off(free, key) and key not in wrong:
                used = _used(free, key, names) or list(names.values())
                loose.setdefault(frozenset(used), _loose(free, key, used))
        found += loose.values()
    return found, missing


def findings_of(steps: Lockstep, ways: Sequence[Axes | None], known: dict[int, str], explain: Explain) -> list[Finding]:
    """What is wrong at each place where more is lost than rounding explains.

    Parameters
    ----------
    steps : runs that were compared; ways : how the group acts on the inputs.
    known : the names of uncovered parameters by id; explain : as for `followed`.
    """
    return [f for key in steps.base for f in _findings(steps, key, ways, known, explain)]


def _dropouts(steps: Lockstep) -> list[Finding]:
    """Dropout between layers, which does nothing in evaluation mode: on features that the group does not permute."""
    found = []
    for key, (begin, end) in steps.segment.items():
        W = _given(steps, steps.previous[key])
        for call in steps.calls[begin:end] if W is not None and not is_permutation(W) else ():
            if "Dropout" in call.kind:
                found.append(
                    Finding("warning", call.module, f"{call.kind} on {W}: in training equivariant in the mean only")
                )
    return found


def _is_off(steps: Lockstep, key: Key) -> bool:
    return steps.defects.get(key, 0.0) > steps.tolerance(key)


def _used(steps: Lockstep, key: Key, names: dict[int, str]) -> list[str]:
    """The uncovered parameters that are used on the way to a place."""
    begin, end = steps.segment[key]
    if key.side == "out":
        return [name for name in names.values() if name.startswith(f"{key.layer}.") or not key.layer]
    return list(dict.fromkeys(names[p] for call, p in steps.used if begin <= call < end and p in names))


def _place(key: Key) -> str:
    return key.layer if key.call >= 0 else "the output"


def _what_reaches(key: Key) -> str:
    return f'what {"leaves" if key.side == "out" else "reaches"} "{key.layer}"' if key.call >= 0 else "the output"


def _findings(
    steps: Lockstep,
    key: Key,
    ways: Sequence[Axes | None],
    known: dict[int, str],
    explain: Explain,
) -> list[Finding]:
    if not _is_off(steps, key):
        return []
    size = f"{steps.defects[key]:.2g} of its size"
    if key.side == "out":
        received = steps.base.get(key._replace(side="in"))
        texts = explain(key.layer, None if received is None else received.shape)
        texts = texts or [f"it is not equivariant even with equivariant weights: its output is off by {size}"]
        return [Finding("error", key.layer, text) for text in dict.fromkeys(texts)]
    before = steps.previous[key]
    W = _given(steps, before)
    V = steps.first[key][0][1] if steps.first.get(key) and key.call >= 0 else None
    trace = steps.culprit(key, ways)
    used = _used(steps, key, known)
    more = f"; {', '.join(used)}: no specification covers it" if used else ""
    if trace.call is not None:
        where = trace.call.module or f'{trace.call.name} after "{before}"'
        what = _what(trace.call, trace.arguments, before, W, where, explain)
        return [Finding("error", where, f"{what} (off by {size} at {_place(key)}){more}")]
    name, U = trace.last or (before, W)
    if V is not None and U is not None and (wrong := joint(name, U, key.layer, V)):
        return [Finding("error", f.where, f.what + more) for f in wrong]
    begin, end = steps.segment[key]
    way = ", ".join(dict.fromkeys(c.label for c in steps.calls[begin:end])) or "nothing that was seen"
    text = f"what reaches it is off by {size} from {V or 'a representation'}; on the way: {way}{more}"
    return [Finding("error", _place(key), text)]


def _what(
    call: Call,
    arguments: list[Origin | None],
    before: str,
    W: Representation | None,
    where: str,
    explain: Explain,
) -> str:
    """Why a function leaves the known representations."""
    met = [a for a in arguments if a is not None]
    name, V = met[0] if met else (before, W)
    if V is None:
        return f"{call.name} leaves the representations that are known"
    for other, U in met[1:]:
        if U != V:
            return f'{V} after "{name}" meets {U} after "{other}"; both have to be in one representation'
    if (
        call.name in _POINTWISE
        and len(met) == len(arguments)
        and (texts := entrywise(where, call.kind or call.name, name, V))
    ):
        return texts[0].what
    if len(arguments) > len(met) and len(arguments) > 1 and call.name in _BINARY:
        return f"{V} meets a tensor whose representation is not known"
    if call.module and (reasons := explain(call.module, None)):
        return reasons[0]
    return f'{call.kind or call.name} does not keep {V} after "{name}": it does not commute with the group'


_BINARY = frozenset(
    (
        *("add", "sub", "mul", "div", "truediv", "radd", "rsub", "rmul", "iadd", "isub", "imul"),
        *("maximum", "minimum", "max", "min", "pow", "where"),
    )
)


def _given(steps: Lockstep, name: str) -> Representation | None:
    """What a layer gives, or what the input is."""
    if name in steps.ends:
        return steps.ends[name][1]
    near = next((steps.first[k] for keys in steps.direct.values() for k in keys if k in steps.first), None)
    return near[0][1] if near else None


def _loose(steps: Lockstep, key: Key, used: list[str]) -> Finding:
    one = ", ".join(used[:6]) + (", ..." if len(used) > 6 else "")
    text = (
        f"no specification covers it, and unless its values respect the symmetry what reaches {_place(key)} does not "
        f"(off by {steps.defects[key]:.2g} of its size for random values)"
    )
    return Finding("warning", one, text)


def not_followed_of(steps: Lockstep, layers: Sequence[LayerSpecs]) -> list[str]:
    """Layers that were not met, or not judged."""
    called = {key.layer for key in steps.base}
    called |= {name for name, _ in layers if any(name.startswith(f"{other}.") for other in called if other)}
    out = [
        f'"{name}" was not called in this run'
        for name, _ in layers
        if name not in called and any(steps.ends.get(name, (0,))[:2])
    ]
    out += [
        f'"{key.layer}": how the group acts on its {"output" if key.side == "out" else "input"} of shape {tuple(t.shape)} is not known'
        for key, t in steps.base.items()
        if key.call >= 0 and not steps.alive[key] and t.is_floating_point()
    ]
    out += [
        f'"{name}" is called with other shapes, or more often, when the group has moved the input'
        for name in steps.broken
    ]
    out += [
        f"{_what_reaches(key)} is nothing but rounding for this input"
        for key in steps.defects
        if steps.tolerance(key) >= 1
    ]
    if not steps.output:
        out.append("the model gives no floating-point tensors")
    if steps.eps > torch.finfo(torch.float32).eps:
        out.append(f"parts compute with a precision of {steps.eps:.1g}, in which small defects are not seen")
    return list(dict.fromkeys(out))
