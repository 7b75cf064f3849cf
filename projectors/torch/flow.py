"""The data of a model followed through one run: which representation each tensor is in, and what is done with it.

Modules are seen by hooks, functions such as `torch.relu` or `+` by a mode of torch, so that residual connections and forward
methods count as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from operator import add

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from grouprep.representations import Representation
from projectors.models.fitting import entrywise, joint, odd, spec_ends
from projectors.models.report import Finding
from projectors.models.specs import Spec
from projectors.torch.fitting import between
from projectors.torch.layers import NORMALISATIONS
from projectors.torch.naming import named_modules

__all__ = ["followed", "in_evaluation"]

Origin = tuple[str, Representation]  # the layer that a tensor comes from, and the representation it is in


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_POINTWISE = _names(
    "relu relu6 leaky_relu elu celu selu gelu silu mish sigmoid logsigmoid hardsigmoid hardswish softplus threshold rrelu exp log "
    "square sqrt abs pow clamp clamp_min clamp_max softmax log_softmax softmin"
)
_ODD = _names("tanh hardtanh softsign tanhshrink hardshrink softshrink sin")
_SUMS = _names("add sub radd rsub iadd isub")
_PRODUCTS = _names("mul rmul imul div truediv itruediv")
_COMPARING = _names(
    "max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d amax amin maximum minimum"
)
_REDUCING = _names("mean sum amax amin")
# Functions that commute with every representation of the channels, or keep a tensor as it is.
_HARMLESS = _names(
    "reshape view flatten unflatten permute transpose movedim squeeze unsqueeze contiguous clone detach to float double half type "
    "neg mean sum avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d interpolate pad "
    "dropout dropout1d dropout2d dropout3d get expand"
)


def _tensors(x: object) -> Iterable[torch.Tensor]:
    if isinstance(x, torch.Tensor):
        yield x
    elif isinstance(x, dict):
        for value in x.values():
            yield from _tensors(value)
    elif isinstance(x, list | tuple):
        for value in x:
            yield from _tensors(value)


class _Flow(TorchFunctionMode):
    """Origins of tensors, and what is found wrong; functions inside modules that are known as a whole are passed over."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: dict[int, tuple[torch.Tensor, Origin]] = {}  # the tensor is held, so that no other gets its id
        self.findings: list[Finding] = []
        self.inside = 0

    def of(self, x: object) -> list[Origin]:
        """The known origins among the tensors in x."""
        return [self.origins[id(t)][1] for t in _tensors(x) if id(t) in self.origins]

    def set(self, x: object, origin: Origin | None) -> None:
        """Say where the first tensor in x comes from."""
        for t in _tensors(x):
            if origin is None:
                self.origins.pop(id(t), None)
            else:
                self.origins[id(t)] = t, origin
            return

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        out = func(*args, **(kwargs or {}))
        if self.inside or not isinstance(out, torch.Tensor):
            return out
        name = getattr(func, "__name__", str(func)).strip("_")
        found = self.of((args, kwargs or {}))
        if found:
            self.set(out, self._after(name, found, args, out))
        return out

    def _after(self, name: str, found: list[Origin], args: tuple[object, ...], out: torch.Tensor) -> Origin | None:
        """The origin of what a function gives, and a finding if it does not respect the representation."""
        layer, W = found[0]
        where = f'{name} after "{layer}"'
        unknown = len(found) < sum(t.numel() > 1 for t in _tensors(args))
        if name == "cat":
            return None if unknown else (" and ".join(n for n, _ in found), reduce(add, (V for _, V in found)))
        if name in _SUMS | _PRODUCTS | _COMPARING:
            for other, V in found:
                if V != W:
                    text = f'{W} after "{layer}" meets {V} after "{other}"; both have to be in one representation'
                    self.findings.append(Finding("error", where, text))
                    return None
            if unknown:
                text = f"{W} meets a tensor whose representation is not known"
                self.findings.append(Finding("warning", where, text))
                return None
        if name in _POINTWISE | _COMPARING or (name in _PRODUCTS and len(found) > 1):
            self.findings += entrywise(where, name, layer, W)
        elif name in _ODD:
            self.findings += odd(where, name, layer, W)
        elif name not in _SUMS | _PRODUCTS | _HARMLESS:
            text = f"{name} is not known: whether it commutes with {W} is not checked"
            self.findings.append(Finding("warning", where, text))
            return None
        reduced = name in _REDUCING and W.dim not in out.shape  # over the channels too
        return None if reduced else (layer, W)


@contextmanager
def in_evaluation(model: nn.Module, handles: list[RemovableHandle]) -> Iterator[None]:
    """A run of the model in evaluation mode and without gradients; the hooks are removed after it."""
    training = model.training
    try:
        model.eval()
        with torch.no_grad():
            yield
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()


def followed(model: nn.Module, specs: Mapping[str, tuple[Spec, ...]], inputs: tuple[object, ...]) -> list[Finding]:
    """What is wrong on the way of the data, from a run of the model in evaluation mode and without gradients.

    Parameters
    ----------
    model : the model; specs : what is said of its layers, by name; inputs : what the model is called with.
    """
    flow = _Flow()
    handles: list[RemovableHandle] = []

    def watch(name: str, module: nn.Module, specified: bool) -> None:
        V, W = spec_ends(specs[name]) if specified else (None, None)

        def before(_: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
            flow.inside += 1
            if flow.inside > 1:
                return
            origin = next(iter(flow.of((args, kwargs))), None)
            if origin is None and V is not None:  # data of the model: this layer says what they are
                flow.set((args, kwargs), (f"the input of {name}", V))
            elif origin is not None and V is not None:
                flow.findings += joint(*origin, name, V)
            elif origin is not None and not specified:
                flow.findings += between(name, module, *origin)

        def after(_: nn.Module, args: tuple[object, ...], kwargs: dict[str, object], out: object) -> None:
            flow.inside -= 1
            if flow.inside:
                return
            if specified:
                flow.set(out, None if W is None else (name, W))
            else:
                flow.set(out, next(iter(flow.of((args, kwargs))), None))

        handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
        handles.append(module.register_forward_hook(after, with_kwargs=True, always_call=True))

    for name, module in named_modules(model):
        specified = name in specs and not isinstance(module, NORMALISATIONS)
        if specified or not list(module.children()):
            watch(name, module, specified)
    with in_evaluation(model, handles), flow:
        model(*inputs)
    return flow.findings
