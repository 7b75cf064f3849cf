"""Digits of writers that are kept apart: scikit-learn's 8 x 8 images, turned, and a symmetry that is broken by a known amount.

The 1,797 images stand in the order of 14 forms that 13 people filled in (each begins with the digits 0 to 9, three times over).
The last five forms are for the test alone. Of the other nine a seed draws six to learn from and three to choose with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from grouprep import Cyclic, Dihedral
from grouprep.groups.finite import FiniteGroup

__all__ = ["FORMS", "GROUPS", "UPRIGHT", "Digits", "Pool", "motions"]

GROUPS: dict[str, FiniteGroup] = {"C4": Cyclic(4), "D4": Dihedral(4)}
FORMS = (
    0,
    130,
    256,
    386,
    516,
    646,
    776,
    915,
    1029,
    1157,
    1287,
    1415,
    1545,
    1667,
    1797,
)  # where they begin, and the end
TEST_FORMS, TRAINING_FORMS = range(9, 14), 6
UPRIGHT = (6, 9)


@cache
def motions(group: FiniteGroup) -> torch.Tensor:
    """The group's elements on pixels, (order, 64, 64), the neutral one first."""
    return torch.tensor(group.grid((8, 8))(group.elements), dtype=torch.float32)


@dataclass(frozen=True)
class Pool:
    """Images (n, 64) in [0, 1], their labels (n,) and the forms that they are of (n,)."""

    images: torch.Tensor
    labels: torch.Tensor
    forms: torch.Tensor

    @classmethod
    def load(cls) -> Pool:
        """Those of scikit-learn."""
        from sklearn.datasets import load_digits

        found = load_digits()
        forms = np.searchsorted(FORMS, np.arange(len(found.target)), side="right") - 1
        return cls(torch.tensor(found.data / 16, dtype=torch.float32), torch.tensor(found.target), torch.tensor(forms))

    def of(self, forms: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Images and labels of some forms."""
        chosen = torch.isin(self.forms, torch.tensor(forms))
        return self.images[chosen], self.labels[chosen]


class Digits:
    """The images of one task and one seed.

    Every image is moved by a random element of the group; with probability `broken` a 6 or a 9 stays upright instead. An image to
    learn from is moved once. What is measured is the mean over all motions with their probabilities, not a draw of them.

    Parameters
    ----------
    group : "C4" or "D4"; broken : from 0 (the task is symmetric) to 1.
    seed : of the forms, of the images that are learnt from, and of their motions.
    size : how many are learnt from.
    pool : what they are drawn from; None: scikit-learn's.
    device : where the images are.
    """

    def __init__(
        self,
        group: str,
        broken: float,
        seed: int,
        size: int = 300,
        pool: Pool | None = None,
        device: str = "cpu",
    ) -> None:
        self.group, self.broken = GROUPS[group], broken
        pool = Pool.load() if pool is None else pool
        rng = np.random.default_rng((seed, 15))
        order = [int(k) for k in rng.permutation(TEST_FORMS.start)]
        parts = {"validation": order[TRAINING_FORMS:], "test": list(TEST_FORMS)}
        self.parts = {name: tuple(t.to(device) for t in pool.of(forms)) for name, forms in parts.items()}
        images, labels = pool.of(order[:TRAINING_FORMS])
        chosen = rng.permutation(len(labels))[:size]
        images, labels = images[chosen], labels[chosen]
        element = torch.tensor(rng.integers(self.group.order, size=size))
        self.motions = motions(self.group)
        stays = torch.tensor(rng.random(size) < broken) & self.is_upright(labels)
        element[stays] = 0  # the neutral element
        moved = torch.stack([self.motions[g] @ x for g, x in zip(element, images, strict=True)])
        self.images, self.labels = moved.reshape(-1, 1, 8, 8).to(device), labels.to(device)

    @staticmethod
    def is_upright(labels: torch.Tensor) -> torch.Tensor:
        """Which of the labels are a 6 or a 9."""
        return torch.isin(labels, torch.tensor(UPRIGHT, device=labels.device))

    def probabilities(self, labels: torch.Tensor) -> torch.Tensor:
        """(n, order): how probable each motion of an image is."""
        out = torch.full((len(labels), self.group.order), 1 / self.group.order, device=labels.device)
        upright = self.is_upright(labels)
        out[upright] *= 1 - self.broken
        out[upright, 0] += self.broken
        return out

    def batch(self, number: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Some of the images to learn from, drawn with repetition."""
        chosen = torch.randint(len(self.labels), (number,), generator=generator)
        return self.images[chosen], self.labels[chosen]

    @torch.no_grad()
    def accuracy(self, net: torch.nn.Module, part: str) -> dict[str, float]:
        """The expected share of images of "validation" or "test" that a network names rightly; of all, and of 6 and 9 alone."""
        images, labels = self.parts[part]
        right = torch.stack(
            [
                (net((images @ m.T).reshape(-1, 1, 8, 8)).argmax(dim=1) == labels).float()
                for m in self.motions.to(images.device)
            ],
            dim=1,
        )
        share = (right * self.probabilities(labels)).sum(dim=1)
        return {"score": float(share.mean()), "6 and 9": float(share[self.is_upright(labels)].mean())}
