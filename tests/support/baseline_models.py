"""Models and random numbers for the tests of the baselines."""

import numpy as np
import torch
from torch import nn

from grouprep import Symmetric
from grouprep.representations import Representation

EPS = torch.finfo(torch.float64).eps


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=generator(seed))


def cnn(G, channels=2):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(1, channels * G.order, 3, padding=1), nn.ReLU(), nn.Conv2d(channels * G.order, 3, 3), nn.Flatten()
        ).double()
    spec = {"0": (G.trivial(), channels * G.regular()), "2": (channels * G.regular(), 3 * G.trivial())}
    return net, spec


def signed():
    """A representation with signs: the sign times the natural one of S3."""
    S = Symmetric(3)
    sign = Representation(
        S, images={g: [[round(float(np.linalg.det(S.natural()(e))))]] for g, e in zip(S.generator_names, S.generators)}
    )
    return sign * S.natural()
