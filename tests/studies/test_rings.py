"""The study of rings: its points, its network, its spaces, its teacher's residuals."""

import numpy as np
import torch

from projectors import Hom
from projectors.torch import equivariance_error, project_, verify
from studies.rings.data import GAP, NOISE, SWING, best_accuracy, rings
from studies.rings.network import CHANNELS, FREQUENCIES, Harmonics, inputs, network, outputs, specification
from studies.rings.teacher import KINDS, SIZE, V, residual


def test_points_lie_on_waves_and_the_best_accuracies_are_those_of_drawn_points():
    for wave, frequency in ((0.3, 3), (1.0, 5)):
        points, ring, angle = rings(200_000, wave, frequency, np.random.default_rng(0))
        radius = points[:, 0] * angle.cos() + points[:, 1] * angle.sin()
        assert float((points[:, 1] * angle.cos() - points[:, 0] * angle.sin()).abs().max()) < 1e-5
        noise = radius - 1 - GAP * ring[:, 0] - SWING * wave * torch.cos(frequency * angle)
        assert abs(float(noise.mean())) < 5 * NOISE / 447
        assert abs(float(noise.std()) / NOISE - 1) < 0.01
        right = (radius - 1 - GAP / 2 > SWING * wave * torch.cos(frequency * angle)) == (ring[:, 0] > 0)
        assert abs(float(right.double().mean()) - best_accuracy(wave)) < 5 * 0.5 / 447
        edges = np.linspace(-1, 4, 301)
        counts = [np.histogram(radius[ring[:, 0] == k].numpy(), edges)[0] for k in (0, 1)]
        by_radius = np.maximum(*counts).sum() / len(radius)  # the best rule on these points that sees the radius alone
        assert (
            -5 * 0.5 / 447 < by_radius - best_accuracy(wave, invariant=True) < 5 * 0.5 / 447 + 300 / 2 / 447 / 447 * 5
        )


def test_the_network_is_invariant_once_projected_and_not_before():
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    slow = []
    for point in x.double():
        r, t = float(point.norm()), float(torch.atan2(point[1], point[0]))
        bumps = [np.exp(-2 * (r - c) ** 2) for c in np.linspace(0.5, 2, CHANNELS)]
        waves = [b * f(m * t) for m in range(1, FREQUENCIES + 1) for b in bumps for f in (np.cos, np.sin)]
        slow.append(bumps + waves)
    assert torch.allclose(Harmonics(FREQUENCIES)(x), torch.tensor(slow, dtype=torch.float32), atol=1e-5)
    for seed in (0, 1):
        net = network(seed)
        assert equivariance_error(net, inputs(), outputs(), x, samples=8).maximum > 0.1
        project_(net, specification())
        assert equivariance_error(net, inputs(), outputs(), x, samples=8).maximum < 1e-5
    assert verify(network(0, 1), inputs(), outputs(), x, specification(1)).ok


def test_the_teachers_residuals_are_residuals_with_the_spectra_that_they_are_named_for():
    H, rng = Hom(V, V), np.random.default_rng(0)
    ranks = {}
    for kind in KINDS:
        R = residual(kind, rng)
        assert np.linalg.norm(H.project(R)) < 1e-12 * SIZE
        assert np.isclose(np.linalg.norm(R), SIZE)
        s = np.linalg.svd(R, compute_uv=False)
        ranks[kind] = float((s**2).sum() / s[0] ** 2)
    assert np.isclose(ranks["one direction"], 1)
    assert np.isclose(ranks["all directions alike"], V.dim)
    assert 3 < ranks["random"] < V.dim / 2
