"""A study's words: a problem to learn, a method to learn it by, settings, and what is made of the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from grouprep import Representation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from studies.harness.records import Results

__all__ = ["Extra", "Method", "Prepared", "Problem", "Report", "Settings", "Study"]

Batch = tuple[torch.Tensor, torch.Tensor]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Term = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Problem:
    """One task with the data of one seed.

    network : seed -> the plain network, freshly drawn.
    spec : how the group acts on the network's layers, as for `EquivariancePenalty`.
    V, W : how it acts on inputs and outputs, for augmentation and sampled outputs; W None: targets are invariant.
    batch : generator -> inputs and targets of one training step.
    loss : (outputs, targets) -> the task's loss, a 0-dimensional tensor.
    evaluate : (network, "validation" or "test") -> numbers; "score" is what should be large, the others are told beside it.
    defect : network -> how far it is from equivariant, on validation data.
    floor : the score of the trivial predictor: a run that is not finite, or not above it, has collapsed and counts with it.
    move : how Augmentation moves a batch where V and W do not say it: generator -> (x, y) -> (x, y).
    """

    network: Callable[[int], nn.Module]
    spec: Mapping[str, Any]
    V: Representation | Any
    W: Representation | Any | None
    batch: Callable[[torch.Generator], Batch]
    loss: Loss
    evaluate: Callable[[nn.Module, str], dict[str, float]]
    defect: Callable[[nn.Module], float]
    floor: float
    move: Callable[[torch.Generator], Callable[[torch.Tensor, torch.Tensor], Batch]] | None = None


@dataclass
class Prepared:
    """A network made ready by a method.

    net : the network that is trained.
    term : (inputs, outputs, targets) -> what is added to the loss; None: nothing.
    optimizer : (parameters, learning rate) -> the optimizer; None: Adam.
    after_step : called after every step, such as a penalty's own `step`; None: nothing.
    finish : called with the trained network, changes it in place, such as a projection; None: nothing.
    """

    net: nn.Module
    term: Term | None = None
    optimizer: Callable[[list[nn.Parameter], float], torch.optim.Optimizer] | None = None
    after_step: Callable[[], None] | None = None
    finish: Callable[[nn.Module], None] | None = None


@dataclass(frozen=True)
class Method:
    """A name, the strengths that are tried, and what a strength makes of a network.

    strengths : what is tried; a method without one has (0.0,).
    prepare : (plain network, problem, strength, generator of all its chance, number of steps to come) -> `Prepared`.
    """

    name: str
    strengths: tuple[float, ...]
    prepare: Callable[[nn.Module, Problem, float, torch.Generator, int], Prepared]

    def trying(self, *strengths: float) -> Method:
        """The same method with other strengths to choose from."""
        return replace(self, strengths=strengths)

    def named(self, name: str) -> Method:
        """The same method under another name."""
        return replace(self, name=name)


@dataclass(frozen=True)
class Settings:
    """Sizes of a run.

    steps : training steps at equal steps.
    rates : the learning rates that are tried with every strength of every method.
    choose_seeds, test_seeds : of the runs on validation data, and of those on test data; they have none in common.
    price_rounds : rounds of the measurement of a step's CPU seconds.
    device : "cpu" or "cuda".
    sizes : whatever else the study's problems take: numbers of samples, widths.
    """

    steps: int
    rates: tuple[float, ...]
    choose_seeds: tuple[int, ...]
    test_seeds: tuple[int, ...]
    price_rounds: int = 5
    device: str = "cpu"
    sizes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        both = set(self.choose_seeds) & set(self.test_seeds)
        if both:
            raise ValueError(f"choose_seeds and test_seeds share {sorted(both)}: what is chosen on would be tested on")


@dataclass(frozen=True)
class Extra:
    """Jobs of a study's own, such as a grid.

    name : its phase in the results. keys : settings -> what tells its jobs apart, each a flat dict of strings and numbers.
    run : (key, settings, results so far) -> numbers.
    """

    name: str
    keys: Callable[[Settings], Sequence[dict[str, Any]]]
    run: Callable[[dict[str, Any], Settings, Results], dict[str, Any]]


@dataclass
class Report:
    """What is made of the results: markdown, pictures by file name (in docs/images), findings on the paper's claims.

    findings : claim (a key of `studies.claims.CLAIMS`) -> (verdict, what was measured): verdicts are "reproduced", "refuted", "open".
    """

    text: str
    figures: dict[str, Figure] = field(default_factory=dict)
    findings: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """A study: what `python -m studies run NAME` does.

    name : of its package in studies. title : one line.
    version : of what its results mean; a results file of another version is not continued.
    tasks : label -> (seed, settings) -> `Problem`. Empty for a study that trains nothing.
    methods : what is compared.
    full, smoke, gpu : settings; smoke ends within seconds and needs no data from outside.
    report : results -> `Report`.
    reference : the method whose time every method gets in the runs at equal time.
    smoke_tasks : labels of the tasks that a smoke run does, with one strength of each method; empty: all tasks, all strengths.
    extras : jobs of its own.
    data : downloads what full and gpu need, for `python -m studies fetch NAME`; None: nothing to download.
    needs : importable modules that full needs, each with what to install for it.
    """

    name: str
    title: str
    version: int
    full: Settings
    smoke: Settings
    report: Callable[[Results], Report]
    tasks: Mapping[str, Callable[[int, Settings], Problem]] = field(default_factory=dict)
    methods: tuple[Method, ...] = ()
    gpu: Settings | None = None
    reference: str = "residual pathways"
    smoke_tasks: tuple[str, ...] = ()
    extras: tuple[Extra, ...] = ()
    data: Callable[[], object] | None = None
    needs: Mapping[str, str] = field(default_factory=dict)

    def method(self, name: str) -> Method:
        """The method of that name."""
        return next(m for m in self.methods if m.name == name)
