"""A model run on x and on g x in step: what its layers receive and give is compared wherever the representation there is known.

After each comparison what the second run has is replaced by g acting on what the first one had, so that every layer, and every stretch
between two layers, is judged by itself, by what it does and not by its name. How far rounding alone can carry the two apart is
measured: a run in which everything is off by a known amount shows how errors grow.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from functools import reduce
from itertools import product
from math import inf, isfinite, isqrt, prod, sqrt
from operator import add
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from grouprep.errors import GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.summary import Summary
from grouprep.typing import Element
from projectors.arrays import one_by_one
from projectors.models.fitting import is_permutation
from projectors.models.measure import Axes
from projectors.models.specs import AttentionSpec, BilinearSpec, LayerSpec, Spec
from projectors.torch.copies import private_copy
from projectors.torch.naming import named_modules

__all__ = ["Call", "Key", "Lockstep", "Origin", "Trace", "elements_for", "representations_in", "tensors_in"]

_SPREAD = 2.0**-20  # how far off the inputs of layers are in the run that measures how errors grow
_LAMBDA = 8.0  # a bound on rounding by lambda sqrt(n) u fails with a probability of 2 exp(-lambda^2 / 2) (Higham and Mary 2019)
_TRIED = 32  # ways for a group to act on the inputs, that are tried
_GUESSED = 64  # and on a tensor
_ROWS = 1 << 20  # vectors whose order is looked at


Origin: TypeAlias = tuple[str, Representation]  # the layer that a tensor comes from, and the representation it is in


_Visit: TypeAlias = Callable[["Key", torch.Tensor], "torch.Tensor | None"]


class Key(NamedTuple):
    """A place in a run: what goes into ("in") or comes out of ("out") a call of a layer; "" with the call -1 is the model's output."""

    layer: str
    call: int
    side: str
    place: int


@dataclass(frozen=True, repr=False)
class Call(Summary):
    """A function that was called between layers.

    name : the function's; module : the module without specification that called it, "" for a forward method's own.
    kind : what that module is.
    out : what it gave; values : the same as it was then; arguments : the tensors it took; only where they are kept.
    """

    name: str
    module: str
    kind: str
    out: tuple[torch.Tensor, ...] = ()
    values: tuple[torch.Tensor, ...] = ()
    arguments: tuple[torch.Tensor, ...] = ()

    @property
    def label(self) -> str:
        """How it is called in messages."""
        return f"{self.module} ({self.kind})" if self.module else self.name


def tensors_in(x: object) -> Iterator[torch.Tensor]:
    """The tensors in nested tuples, lists, dicts and dataclasses, in their order."""
    if isinstance(x, torch.Tensor):
        yield x
    elif isinstance(x, dict):
        for value in x.values():
            yield from tensors_in(value)
    elif isinstance(x, list | tuple):
        for value in x:
            yield from tensors_in(value)
    elif is_dataclass(x):
        yield from tensors_in([getattr(x, one.name) for one in fields(x)])


def _replaced(x: Any, new: dict[int, torch.Tensor]) -> Any:
    if isinstance(x, torch.Tensor):
        return new.get(id(x), x)
    if isinstance(x, dict):
        made = copy.copy(x)
        for key, value in x.items():
            made[key] = _replaced(value, new)
        return made
    if isinstance(x, list | tuple):
        parts = [_replaced(value, new) for value in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    return x


def elements_for(G: object, most: int, samples: int, rng: np.random.Generator) -> tuple[list[Element], bool]:
    """Elements to try, and whether they are the whole group: all of a group of at most `most`, else generators and random ones."""
    if G.order <= most:  # type: ignore[attr-defined]
        return list(G.elements), True  # type: ignore[attr-defined]
    drawn = one_by_one(G.random(samples, rng)) if samples else []  # type: ignore[attr-defined]
    return (list(G.generators) if G.is_finite else []) + drawn, False  # type: ignore[attr-defined]


def representations_in(layers: Sequence[tuple[str, tuple[Spec, ...]]]) -> list[Representation]:
    """All that a specification speaks of, each once."""
    found: dict[Representation, None] = {}
    for _, specs in layers:
        for spec in specs:
            names = ("V", "W", "V1", "V2", "query", "key", "value", "out", "head")
            for V in (getattr(spec, name, None) for name in names):
                if isinstance(V, Representation):
                    found.setdefault(V)
    return list(found)


def _ends(specs: tuple[Spec, ...]) -> tuple[tuple[Representation, ...], Representation | None]:
    """The representations of a layer's inputs, in the order of its arguments, and of its output; none where parameters are named."""
    (spec, *others) = specs
    if isinstance(spec, AttentionSpec):
        query, key, value, out, _ = spec.filled()
        return (query, key, value), out
    if isinstance(spec, BilinearSpec):
        return (spec.V1, spec.V2), spec.W
    if isinstance(spec, LayerSpec) and not others:
        return (spec.V,), spec.W
    return (), None


def _channel_axes(
    module: nn.Module, shape: Sequence[int], V: Representation
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The axes on which V acts, and those of pixels; None if the shape does not say."""
    n, axis = len(shape), None
    if isinstance(module, _ConvNd):
        axis = n - 1 - len(module.kernel_size)
    elif isinstance(module, _InstanceNorm):
        axis = n - (2 + ("1d", "2d", "3d").index(type(module).__name__[-2:]))
    elif isinstance(module, _BatchNorm | nn.GroupNorm):
        axis = 1
    if axis is not None:
        return ((axis,), tuple(range(axis + 1, n))) if 0 <= axis < n and shape[axis] == V.dim else None
    for k in range(1, n + 1):
        if prod(shape[n - k :]) == V.dim:
            return tuple(range(n - k, n)), ()
    return None


def _grid(V: Representation, sizes: tuple[int, ...]) -> Representation | None:
    try:
        return V.group.grid(sizes)
    except GroupRepError:
        return None


def _others(
    V: Representation, shape: Sequence[int], free: Sequence[int], sizes: set[tuple[int, ...]]
) -> Iterator[Axes]:
    """Ways to act on axes beside the channels: they stand still, or are pixels, in axes of their own or as tokens, with others beside."""
    yield ()
    for number in (2, 3):
        for k in range(len(free) - number + 1):
            axes = tuple(free[k : k + number])
            grid = _grid(V, tuple(shape[a] for a in axes))
            if grid is not None and grid.dim > 1:
                yield ((axes, grid),)
    first = [0] if 0 in free and len(shape) == 3 else []  # (tokens, batch, features)
    for a in [*(a for a in free if a), *first]:
        n = shape[a]
        for size in sorted(
            {s for s in sizes if 1 < prod(s) <= n <= prod(s) + 4} | {(isqrt(n - k),) * 2 for k in (0, 1) if n > 4}
        ):
            extra, grid = n - prod(size), _grid(V, size)
            if grid is None or extra < 0 or extra > 4:
                continue
            still = V.group.trivial()
            if not extra:
                yield (((a,), grid),)
            else:
                yield (((a,), extra * still + grid),)
                yield (((a,), grid + extra * still),)


def _distinct(ways: Iterator[Axes]) -> list[Axes]:
    return list(dict.fromkeys(ways))


@dataclass(repr=False)
class Lockstep(Summary):
    """Runs of a model in step, on inputs and on group elements acting on them.

    model : in evaluation mode, and nobody else's.
    layers : the specified layers' names, and what is said of them.
    inputs : what the model is called with.
    ends : the ways in which the group acts on the inputs' tensors and on the output's, None for those that are not judged; None: found out.
    """

    model: nn.Module
    layers: Sequence[tuple[str, tuple[Spec, ...]]]
    inputs: tuple[object, ...]
    watched: frozenset[int] = frozenset()
    base: dict[Key, torch.Tensor] = field(default_factory=dict)
    output: tuple[torch.Tensor, ...] = ()
    alive: dict[Key, list[Axes]] = field(default_factory=dict)
    first: dict[Key, Axes] = field(default_factory=dict)
    defects: dict[Key, float] = field(default_factory=dict)
    worst: dict[Key, Element] = field(default_factory=dict)
    growth: dict[Key, float] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    segment: dict[Key, tuple[int, int]] = field(default_factory=dict)
    previous: dict[Key, str] = field(default_factory=dict)
    used: list[tuple[int, int]] = field(default_factory=list)
    sizes: set[tuple[int, ...]] = field(default_factory=set)
    direct: dict[int, list[Key]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    images: dict[tuple[Representation, object, torch.dtype], tuple[torch.Tensor, ...]] = field(default_factory=dict)
    eps: float = 0.0
    total_growth: float = 0.0

    def __post_init__(self) -> None:
        modules = dict(named_modules(self.model))
        self.ends = {n: (*_ends(s), s[0]) for n, s in self.layers if n in modules}
        self.modules = {n: modules[n] for n in self.ends}
        self.pool = representations_in(self.layers)
        self.tensors = [t for t in tensors_in(self.inputs) if t.is_floating_point()]
        self._record()

    def along(self, way: Axes, g: Element, x: torch.Tensor) -> torch.Tensor:
        """rho(g) on the axes of a tensor; images of elements are kept."""
        for places, V in way:
            key = V, _mark(g), x.dtype
            if key not in self.images:
                self.images[key] = _image(V, g, x)
            image = self.images[key]
            order = [a for a in range(x.ndim) if a not in places] + list(places)
            moved = x.permute(order)
            flat = moved.reshape(-1, V.dim)
            flat = (
                flat[:, image[0]]
                if len(image) == 1
                else flat[:, image[0]] * image[1]
                if image[1].ndim == 1
                else flat @ image[1]
            )
            x = flat.reshape(moved.shape).permute([order.index(a) for a in range(x.ndim)])
        return x

    # Runs

    def _run(
        self, tensors: Sequence[torch.Tensor], visit: Callable[[Key, torch.Tensor], torch.Tensor | None], watch: _Watch
    ) -> tuple[torch.Tensor, ...]:
        """One run with other tensors as inputs; what `visit` gives stands in place of what is there."""
        handles: list[RemovableHandle] = []
        count: Counter[str] = Counter()

        def layer(name: str, module: nn.Module) -> None:
            V, W, _ = self.ends[name]
            known = bool(V) or W is not None

            def before(_: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
                new: dict[int, torch.Tensor] = {}
                if watch.inside == 0:
                    for place, t in enumerate(list(tensors_in((args, kwargs)))[: len(V)]):
                        with watch.paused():
                            other = visit(Key(name, count[name], "in", place), t)
                        if other is not None:
                            new[id(t)] = other
                watch.inside += known
                return (_replaced(args, new), _replaced(kwargs, new)) if new else None

            def after(_: nn.Module, args: object, kwargs: object, out: object) -> object:
                watch.inside -= known
                call, first = count[name], next(tensors_in(out), None)
                count[name] += 1
                if watch.inside or W is None or first is None:
                    return None
                with watch.paused():
                    other = visit(Key(name, call, "out", 0), first)
                return None if other is None else _replaced(out, {id(first): other})

            handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
            handles.append(module.register_forward_hook(after, with_kwargs=True))

        for name, module in self.modules.items():
            layer(name, module)
        for name, module in named_modules(self.model):
            if name and name not in self.ends and not list(module.children()):
                handles += watch.module(name, module)
        new = {id(old): t for old, t in zip(self.tensors, tensors, strict=True)}
        try:
            with _same_noise(self.model), torch.no_grad(), watch:
                out = self.model(*[_replaced(x, new) for x in self.inputs])
        finally:
            for handle in handles:
                handle.remove()
        return tuple(t for t in tensors_in(out) if t.is_floating_point())

    def _record(self) -> None:
        """The run on the inputs themselves, and one that shows how errors grow."""
        watch = _Watch(self.watched)
        last = ["the input"]
        start = [0]

        def remember(key: Key, t: torch.Tensor) -> torch.Tensor | None:
            same = next((k for k, x in enumerate(self.tensors) if x is t), None)
            if same is not None:
                self.direct.setdefault(same, []).append(key)
            self.base[key] = t.detach().clone()
            self.segment[key] = start[0], len(watch.calls)
            self.previous[key] = last[0]
            if key.side == "out":
                last[0], start[0] = key.layer, len(watch.calls)
            if isinstance(self.modules.get(key.layer), _ConvNd):
                self.sizes.add(tuple(t.shape[-len(self.modules[key.layer].kernel_size) :]))  # type: ignore[arg-type]
            return None

        self.output = tuple(t.detach().clone() for t in self._run(self.tensors, remember, watch))
        self.calls, self.eps, self.used = watch.calls, watch.eps, watch.used
        for k, t in enumerate(self.output):
            key = Key("", -1, "in", k)
            self.base[key], self.segment[key], self.previous[key] = t, (start[0], len(self.calls)), last[0]
        for key, t in self.base.items():
            self.alive[key] = self._ways(key, t)
            if self.alive[key]:
                self.first[key] = self.alive[key][0]
        generator = torch.Generator().manual_seed(1)

        def off(t: torch.Tensor) -> torch.Tensor:
            noise = torch.randn(t.shape, generator=generator, dtype=torch.float64).to(t)
            return t * (1 + _SPREAD * noise)

        def grow(key: Key, t: torch.Tensor) -> torch.Tensor | None:
            base = self.base.get(key)
            if base is None or base.shape != t.shape or not base.is_floating_point():
                return None
            self.growth[key] = _relative(t, base) / _SPREAD
            return off(base)

        out = self._run([off(t) for t in self.tensors], grow, _Watch(self.watched))
        for k, t in enumerate(out):
            if k < len(self.output) and t.shape == self.output[k].shape:
                self.growth[Key("", -1, "in", k)] = _relative(t, self.output[k]) / _SPREAD
        self._compare_precisions()
        longest = [t.numel() // max(1, t.shape[0] if t.ndim else 1) for t in (*self.base.values(), *self.tensors)]
        self._slack = _LAMBDA * sqrt(max([1, *longest])) * self.eps * (2 + len(self.calls) + len(self.base))
        free = self._run([off(t) for t in self.tensors], lambda key, t: None, _Watch(self.watched))
        pairs = [(t, y) for t, y in zip(free, self.output, strict=False) if t.shape == y.shape]
        self.total_growth = max([self.total_growth, *(_relative(t, y) / _SPREAD for t, y in pairs)])

    def _compare_precisions(self) -> None:
        """What the same run in single precision is off by: the rounding that happens inside, and its growth."""
        if self.eps > torch.finfo(torch.float64).eps:
            return
        single, own = torch.finfo(torch.float32).eps, self.model

        def compare(key: Key, t: torch.Tensor) -> torch.Tensor | None:
            base = self.base.get(key)
            if base is None or base.shape != t.shape or not base.is_floating_point():
                return None
            self.growth[key] = max(self.growth.get(key, 0.0), _relative(t.double(), base) / single)
            return base.float()

        try:
            self.__dict__["model"] = private_copy(own).float()
            self.modules = {name: module for name, module in named_modules(self.model) if name in self.ends}
            out = self._run([t.float() for t in self.tensors], compare, _Watch(self.watched))
            free = self._run([t.float() for t in self.tensors], lambda key, t: None, _Watch(self.watched))
        except (RuntimeError, TypeError):
            return  # a model that insists on double precision
        finally:
            self.__dict__["model"] = own
            self.modules = {name: module for name, module in named_modules(own) if name in self.ends}
        for k, (t, u, y) in enumerate(zip(out, free, self.output, strict=False)):
            if t.shape == u.shape == y.shape:
                key = Key("", -1, "in", k)
                self.growth[key] = max(self.growth.get(key, 0.0), _relative(t.double(), y) / single)
                self.total_growth = max(self.total_growth, _relative(u.double(), y) / single)

    def _ways(self, key: Key, t: torch.Tensor) -> list[Axes]:
        """The ways in which the group may act on what is at a place, the likeliest first."""
        if key.call < 0:
            return self.guesses(t)
        V, W, spec = self.ends[key.layer]
        U = W if key.side == "out" else V[key.place]
        assert U is not None
        if not t.is_floating_point():
            return []
        found = _channel_axes(self.modules[key.layer], t.shape, U)
        if found is None:
            return []
        axes, pixels = found
        grid = _grid(U, tuple(t.shape[a] for a in pixels)) if pixels else None
        moving = [] if grid is None else [(pixels, grid)]
        given = spec.grid if isinstance(spec, LayerSpec) else None
        fixed = given is not None and _stands_still(given)
        module = self.modules[key.layer]
        if (
            given is not None
            and not fixed
            and isinstance(module, _ConvNd)
            and _grid(U, tuple(module.kernel_size)) != given
        ):
            return []  # how the group acts on whole images is not said
        free = [a for a in range(t.ndim) if a not in axes]
        preferred: list[Axes] = [tuple(moving), ()] if moving and not fixed else [(), tuple(moving)]
        if pixels and not fixed and grid is not None:
            others: list[Axes] = []  # a convolution's pixels follow the plane: nothing else is meant
            preferred = preferred[:1] if isinstance(module, _ConvNd) else preferred
        else:
            others = list(_others(U, t.shape, free, self.sizes))
        return _distinct(iter([((axes, U), *rest) for rest in (*preferred, *others)]))[:_GUESSED]

    def guesses(self, t: torch.Tensor) -> list[Axes]:
        """Ways in which the group may act on any tensor: those that the specification's representations allow for its shape."""
        if not self.pool or not t.is_floating_point():
            return []
        found: list[Axes] = []
        shape, n = t.shape, t.ndim
        for V in self.pool:
            spans: list[tuple[int, ...]] = [(a,) for a in range(n) if shape[a] == V.dim]
            spans += [tuple(range(a, b)) for a in range(n) for b in range(a + 2, n + 1) if prod(shape[a:b]) == V.dim]
            for axes in spans:
                if V.dim == 1 and len(axes) > 1:
                    continue
                free = [a for a in range(n) if a not in axes]
                rests = sorted(_others(V, shape, free, self.sizes), key=lambda rest: not (rest and len(rest[0][0]) > 1))
                found += [((axes, V), *rest) for rest in rests[:6]]  # images first, then what stands still, then tokens
        still: list[Axes] = [(), *(r for r in _others(self.pool[0], shape, range(n), self.sizes) if r)]
        return _distinct(iter([*found, *still]))

    # Comparisons

    def tolerance(self, key: Key | None) -> float:
        """How far rounding can carry two runs apart at a place, relative to what is there; None: at the model's output, without replacing.

        Sums of n terms are off by at most lambda sqrt(n) u with a probability near 1 (Higham and Mary, SIAM J. Sci. Comput. 41, 2019),
        each function adds as much, and the growth of errors is what was measured.
        """
        return self._slack * (1 + (self.total_growth if key is None else self.growth.get(key, 0.0)))

    def turn(self, g: Element, ways: Sequence[Axes | None], watch: _Watch | None = None) -> None:
        """The run on g x, compared at every place, and put right there."""

        def visit(key: Key, t: torch.Tensor) -> torch.Tensor | None:
            base = self.base.get(key)
            if base is None or base.shape != t.shape:
                self.broken.append(key.layer)
                return None
            if not t.is_floating_point():
                return _moved_indices(self.ends[key.layer][0][key.place], g, base) if key.side == "in" else None
            return self._compare(key, g, t, base)

        out = self._run(self._moved(g, ways), visit, watch or _Watch(self.watched))
        for k, (t, y) in enumerate(zip(out, self.output, strict=False)):
            if t.shape == y.shape:
                self._compare(Key("", -1, "in", k), g, t, y)

    def _compare(self, key: Key, g: Element, t: torch.Tensor, base: torch.Tensor) -> torch.Tensor | None:
        """The defect at a place for the way that fits best; gives what should be there."""
        if not self.alive[key]:
            return None
        moved, errors = {}, []
        for way in self.alive[key]:
            moved[way] = self.along(way, g, base)
            errors.append(_relative(t, moved[way]))
            if errors[-1] <= self.tolerance(key) and len(self.alive[key]) > 8:
                break  # many guesses: one that fits is enough
        error = min(errors)
        if error > self.tolerance(key) and self._rearranged(key, g, t, base):
            self.defects.setdefault(key, 0.0)
            return None  # the same vectors in another order, as windows are: what comes of it is seen later
        if error > self.defects.get(key, -1.0):
            self.defects[key], self.worst[key] = error, g
        if error <= self.tolerance(key):
            fitting = [w for w, e in zip(self.alive[key], errors, strict=False) if e <= self.tolerance(key)]
            self.alive[key] = fitting + self.alive[key][len(errors) :]
            return moved[fitting[0]]
        return moved[self.first[key]] if self.first[key] in moved else self.along(self.first[key], g, base)

    def _rearranged(self, key: Key, g: Element, t: torch.Tensor, base: torch.Tensor) -> bool:
        """Whether a layer that treats all vectors alike has those that it should have, in another order."""
        if key.call < 0 or isinstance(self.modules[key.layer], _ConvNd):
            return False
        axes, V = self.first[key][0]
        free = [a for a in range(t.ndim) if a not in axes]
        rows = [x.permute(*free, *axes).reshape(-1, V.dim) for x in (t, self.along(((axes, V),), g, base))]
        if len(rows[0]) > _ROWS:
            return False
        mark = torch.randn(V.dim, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(t)
        module = self.modules[key.layer]
        if (
            isinstance(module, nn.MultiheadAttention) and t.ndim == 3
        ):  # it mixes those of one sequence: sequences of the same vectors
            number = t.shape[0 if module.batch_first else 1]
            split = [
                x.reshape(number, -1, V.dim) if module.batch_first else x.reshape(-1, number, V.dim).transpose(0, 1)
                for x in rows
            ]
            split = [torch.stack([x[(x @ mark).argsort()] for x in part]) for part in split]
            rows = [part[torch.sin(part @ mark).sum(1).argsort()].reshape(-1, V.dim) for part in split]
            return _relative(*rows) <= self.tolerance(key)
        one, two = (x[(x @ mark).argsort()] for x in rows)
        return _relative(one, two) <= self.tolerance(key)

    def apart(
        self, g: Element, ways: Sequence[Axes | None], ends: Mapping[Key, Axes]
    ) -> tuple[dict[Key, float], float]:
        """How far off each place is, and the outputs, where nothing is put right."""
        found: dict[Key, float] = {}

        def visit(key: Key, t: torch.Tensor) -> None:
            base, ways_there = self.base.get(key), self.alive.get(key)
            if base is not None and ways_there and base.shape == t.shape and t.is_floating_point():
                found[key] = _relative(t, self.along(ways_there[0], g, base))

        out = self._run(self._moved(g, ways), visit, _Watch(self.watched))
        off = [_relative(out[key.place], self.along(way, g, self.output[key.place])) for key, way in ends.items()]
        return found, max(off, default=0.0)

    def _moved(self, g: Element, ways: Sequence[Axes | None]) -> list[torch.Tensor]:
        return [t if way is None else self.along(way, g, t) for t, way in zip(self.tensors, ways, strict=True)]

    def input_ways(self, elements: Sequence[Element]) -> list[Axes | None]:
        """How the group acts on the inputs, found out: the way after which what reaches the layers fits best."""
        options: list[list[Axes]] = []
        for k, t in enumerate(self.tensors):
            near = [way for key in self.direct.get(k, []) for way in self.alive[key]]
            options.append(_distinct(iter([*near, *self.guesses(t)])) or [()])
        best: tuple[float, list[Axes | None]] = (inf, [choice[0] for choice in options])
        kept = dict(self.alive)
        for number, ways in enumerate(product(*options)):
            if number == _TRIED:
                break
            self.defects, self.worst, self.alive = {}, {}, dict(kept)
            for g in elements:
                self.turn(g, ways)
            off = sum(
                d for key, d in self.defects.items() if key.side == "in" and key.call >= 0 and d > self.tolerance(key)
            )
            if off < best[0] / 2:  # the likelier way, unless another one fits better by far
                best = off, list(ways)
            if not off:
                break
        self.defects, self.worst, self.alive, self.broken = {}, {}, kept, []
        return best[1]

    def culprit(self, key: Key, ways: Sequence[Axes | None]) -> Trace:
        """The functions before a place, one by one, up to the first whose result is in no representation that is known."""
        begin, end = self.segment[key]
        plain, turned = _Watch(self.watched, (begin, end)), _Watch(self.watched, (begin, end))
        known: dict[int, tuple[torch.Tensor, Origin]] = {}

        def note(place: Key, t: torch.Tensor) -> None:
            if self.alive[place] and self.alive[place][0]:
                name = place.layer if place.side == "out" else f"the input of {place.layer}"
                known.setdefault(id(t), (t, (name, self.alive[place][0][0][1])))

        g, kept = self.worst[key], (self.alive, self.defects, self.worst)
        self.alive, self.defects, self.worst = dict(self.alive), dict(self.defects), dict(self.worst)
        self._run(self.tensors, note, plain)
        self.turn(g, ways, turned)
        self.alive, self.defects, self.worst = kept
        last: Origin | None = None
        for k, (one, two) in enumerate(zip(plain.kept, turned.kept, strict=False)):
            origins = [known.get(id(a), (a, None))[1] for a in one.arguments if a.numel() > 1]
            met = [origin for origin in origins if origin is not None]
            for t, x, y in zip(one.out, one.values, two.values, strict=False):
                if x.shape != y.shape or x.numel() < 2:
                    continue
                ways_there = self.guesses(x)
                if one.name in ("cat", "concat", "concatenate", "hstack") and len(met) == len(origins) > 0:
                    V = reduce(add, (U for _, U in met))
                    ways_there = [(((a,), V),) for a, n in enumerate(x.shape) if n == V.dim] + ways_there
                fitting = next(
                    (w for w in ways_there if _relative(y, self.along(w, g, x)) <= self.tolerance(key)), None
                )
                if fitting is None:
                    return Trace(self.calls[begin + k], origins, last)
                if fitting:
                    names = dict.fromkeys(name for name, _ in met) or [self.previous[key]]
                    last = " and ".join(names), fitting[0][1]
                    known[id(t)] = t, last
        return Trace(None, [], last)


@dataclass(frozen=True, repr=False)
class Trace(Summary):
    """What was found of the functions before a place.

    call : the first whose result is in no known representation, None if there is none; arguments : where these come from, None
        for what is not known; last : where the last known result comes from, and what it is in.
    """

    call: Call | None
    arguments: list[Origin | None]
    last: Origin | None


def _mark(g: Element) -> object:
    return tuple(map(_mark, g)) if isinstance(g, tuple) else np.asarray(g).tobytes()


def _image(V: Representation, g: Element, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """rho(g) as the places that entries come from, with signs where there are some, or as nothing and a matrix of rows."""
    image = V.image_at(g)
    if not isinstance(image, Monomial):
        return torch.empty(0, dtype=torch.long, device=x.device), torch.as_tensor(np.array(V(g)).T).to(x)
    inverse, values = np.argsort(image.perm), image.values()
    places = torch.as_tensor(inverse, device=x.device)
    return (places,) if np.all(values == 1) else (places, torch.as_tensor(np.real(values[inverse]).copy()).to(x))


def _stands_still(V: Representation) -> bool:
    return all(isinstance(m, Monomial) and m == Monomial.identity(V.dim) for m in V.images.values())


def _moved_indices(V: Representation, g: Element, t: torch.Tensor) -> torch.Tensor | None:
    """Tokens, permuted."""
    image = V.image_at(g)
    if not isinstance(image, Monomial) or not is_permutation(V) or not t.numel() or int(t.max()) >= V.dim:
        return None
    return torch.as_tensor(image.perm.copy(), device=t.device)[t.long()].to(t.dtype)


def _relative(x: torch.Tensor, y: torch.Tensor) -> float:
    """||x - y|| / ||y||; 0 where both are 0."""
    nan = x.isnan() & y.isnan()  # alike
    if nan.any():
        x, y = x.masked_fill(nan, 0), y.masked_fill(nan, 0)
    size, off = (float(torch.linalg.vector_norm(t.to(torch.promote_types(t.dtype, torch.float32)))) for t in (y, x - y))
    if not isfinite(off):
        return inf
    return off / size if size else (inf if off else 0.0)


@contextmanager
def _same_noise(model: nn.Module) -> Iterator[None]:
    """The same random numbers in each run, and those of others as they were."""
    devices = {p.device for p in (*model.parameters(), *model.buffers()) if p.device.type == "cuda"}
    state, old = random.getstate(), np.random.get_state()  # noqa: NPY002  what a model may draw from
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=sorted(d.index or 0 for d in devices)))
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(state)
            np.random.set_state(old)  # noqa: NPY002


class _Watch(TorchFunctionMode):
    """The functions that are called between layers, and the precision they compute in.

    watched : ids of parameters whose use is noted; keep : the range of calls whose tensors are kept.
    """

    def __init__(self, watched: frozenset[int] = frozenset(), keep: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.watched, self.keep = watched, keep
        self.inside, self.stopped = 0, False
        self.calls: list[Call] = []
        self.kept: list[Call] = []
        self.used: list[tuple[int, int]] = []  # (the call, the parameter)
        self.eps = 0.0
        self.module_now: list[tuple[str, str]] = []

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is called here is none of the model's functions."""
        self.inside, self.stopped = self.inside + 1, True
        try:
            yield
        finally:
            self.inside, self.stopped = self.inside - 1, False

    def module(self, name: str, module: nn.Module) -> list[RemovableHandle]:
        """Hooks that tell which module without specification is at work."""
        kind = type(module).__name__

        def before(*_: object) -> None:
            self.module_now.append((name, kind))

        def after(*_: object) -> None:
            self.module_now.pop()

        return [
            module.register_forward_pre_hook(before),
            module.register_forward_hook(after, always_call=True),
        ]

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        if self.stopped:
            return func(*args, **kwargs)
        number = len(self.calls)
        taken = list(tensors_in((args, kwargs)))
        keeping = not self.inside and self.keep[0] <= number < self.keep[1]
        out = func(*args, **kwargs)
        given = [t for t in tensors_in(out) if t.is_floating_point()]
        for t in given:
            self.eps = max(self.eps, torch.finfo(t.dtype).eps)
        name = getattr(func, "__name__", str(func)).strip("_")
        if self.inside or not given or not taken or name in ("get", "set", "detach", "clone", "to"):
            return out
        self.used += [(number, id(t)) for t in taken if id(t) in self.watched]
        self.calls.append(Call(name, *(self.module_now[-1] if self.module_now else ("", ""))))
        if keeping:
            self.kept.append(Call(name, "", "", tuple(given), tuple(t.clone() for t in given), tuple(taken)))
        return out
