"""What is measured on: one layer from n copies of a unit to n copies, for each group, and the exact gradient there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from typing import Any

import torch
from torch import nn

from grouprep import SO, Cyclic, Dihedral, Representation, Symmetric
from projectors.torch import EquivariancePenalty, LayerSpec
from studies.harness import StudyError

__all__ = ["GROUPS", "Cell", "unit"]

GROUPS = ("C4", "D4", "S5", "SO2", "SO3")
SIDE, KERNEL = 8, 3  # pixels of an image, and of a kernel
ON_THE_PLANE = ("C4", "D4")


@cache
def unit(group: str) -> Representation:
    """The features that are copied: their dimension divides every power of two from 16 on; C12, S4reg: a regular representation."""
    if group == "C4":
        return Cyclic(4).regular()
    if group == "D4":
        return Dihedral(4).regular()
    if group == "S5":
        G, pairs = Symmetric(5), list(combinations(range(5), 2))
        moved = G.permutation(lambda p: [pairs.index(tuple(sorted((int(p[a]), int(p[b]))))) for a, b in pairs])
        return G.natural() + moved + G.trivial()
    if group == "SO2":
        return 2 * SO(2).trivial() + SO(2).irrep(1) + SO(2).irrep(2) + SO(2).irrep(3)
    if group == "SO3":
        return SO(3).irrep(0) + SO(3).irrep(1) + SO(3).irrep(2) + SO(3).irrep(3)
    if group[0] == "C" and group[1:].isdigit():
        return Cyclic(int(group[1:])).regular()
    if group[0] == "S" and group.endswith("reg"):
        return Symmetric(int(group[1:-3])).regular()
    raise StudyError(f"the study of prices knows no group {group!r}")


@dataclass(frozen=True)
class Cell:
    """A layer and its group.

    layer : "linear", or "conv", 3 x 3 on images of 8 x 8 pixels that close to a torus. group : its name. width : features, or channels.
    """

    layer: str
    group: str
    width: int
    device: str = "cpu"

    @cached_property
    def features(self) -> Representation:
        """Of input and output: copies of the unit."""
        U = unit(self.group)
        if self.width % U.dim:
            raise StudyError(f"width {self.width} is no multiple of {U.dim}, the dimension of the unit of {self.group}")
        return self.width // U.dim * U

    @cached_property
    def module(self) -> nn.Module:
        """The layer, with weights of a fixed seed, without bias."""
        torch.manual_seed(0)
        if self.layer == "linear":
            made: nn.Module = nn.Linear(self.width, self.width, bias=False)
        else:
            made = nn.Conv2d(self.width, self.width, KERNEL, padding=1, padding_mode="circular", bias=False)
        return made.to(self.device)

    @property
    def weight(self) -> nn.Parameter:
        return self.module.weight  # type: ignore[return-value]

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Pixels follow C4 and D4; under the other groups, which do not act on the plane, they stand still."""
        V = self.features
        if self.layer == "linear" or self.group in ON_THE_PLANE:
            return {"": LayerSpec(V, V)}
        return {"": LayerSpec(V, V, grid=KERNEL**2 * V.group.trivial())}

    @property
    def is_still(self) -> bool:
        """Whether pixels stand still, so that the group acts on channels alone."""
        return self.layer == "conv" and self.group not in ON_THE_PLANE

    def batch(self, size: int, generator: torch.Generator) -> torch.Tensor:
        """White inputs: then the mean of ||f(g x) - g f(x)||^2 over inputs and elements is 2 ||T - P(T)||^2, times the pixels."""
        shape = (size, self.width) if self.layer == "linear" else (size, self.width, SIDE, SIDE)
        return torch.randn(shape, generator=generator).to(self.device)

    @property
    def positions(self) -> int:
        """How often the kernel is laid on an image."""
        return 1 if self.layer == "linear" else SIDE**2

    @cached_property
    def exact(self) -> torch.Tensor:
        """The gradient of ||T - P(T)||^2, 2 (T - P(T)), in double precision, in the shape of the weight."""
        (term,) = EquivariancePenalty(self.module, self.spec).terms
        T = self.weight.detach().double().cpu()
        out: torch.Tensor = 2 * term.hom.residual(T.reshape(term.hom.shape))
        return out.reshape(T.shape)

    def error(self, gradient: torch.Tensor) -> float:
        """The size of its difference from the exact gradient, relative to that."""
        difference = gradient.detach().double().cpu() - self.exact
        return float(torch.linalg.vector_norm(difference) / torch.linalg.vector_norm(self.exact))
