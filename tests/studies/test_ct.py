"""The study of metal artefacts: its scanner, its measures of quality, its blocks of slices, and how groups act on its network."""

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from projectors.torch import equivariance_error, project_
from studies.ct.data import BLOCKS, GAP, METAL, SHAPE, phantom, simulated
from studies.ct.network import GROUPS, UNet, specification
from studies.ct.physics import ATTENUATION, WEIGHTS
from studies.ct.quality import RANGE, psnr, ssim
from studies.ct.simulate import PHOTONS, Scanner, pixel_matrix, tissues

EPS = float(np.finfo(np.float32).eps)


class Mean:
    """In the place of a generator: every count is the mean."""

    def poisson(self, mean):
        return mean


def test_scanner():
    scanner = Scanner(32, 0.8, 24, pixel_matrix)
    rng = np.random.default_rng(0)
    image = rng.random((64, 64)).astype(np.float32)
    lengths = scanner.lengths(image)

    # by hand: each pixel's area goes to the cells on both sides of its centre
    slow = np.zeros((24, scanner.cells))
    for row, column in np.ndindex(64, 64):
        x, y = (column - 31.5) / 2, (31.5 - row) / 2
        for view in range(24):
            angle = view * np.pi / 24
            place = x * np.cos(angle) + y * np.sin(angle) + (scanner.cells - 1) / 2
            low = int(np.floor(place))
            slow[view, low] += (1 - place + low) * image[row, column] / 4 * 0.8
            slow[view, low + 1] += (place - low) * image[row, column] / 4 * 0.8
    np.testing.assert_allclose(lengths, slow, atol=64 * EPS * slow.max())
    np.testing.assert_allclose(lengths.sum(axis=1), image.sum() * 0.2, rtol=256 * EPS)

    # one ray by hand; water alone is corrected to its own length
    through = {"H2O": np.array([[10.0]]), "Fe": np.array([[0.5]])}
    by_hand = sum(w * np.exp(-10 * ATTENUATION["H2O"][k] - 0.5 * ATTENUATION["Fe"][k]) for k, w in enumerate(WEIGHTS))
    np.testing.assert_allclose(scanner.counts(through), PHOTONS * by_hand, rtol=1e-12)
    water = np.array([[0.0, 1.0, 20.0, 33.333]])
    np.testing.assert_allclose(
        scanner.scanned({"H2O": water}, Mean()), water, atol=1e-4
    )  # the table has steps of 0.02 cm
    np.testing.assert_allclose(
        sum(d * f for d, f in zip(tissues(image * 3).values(), (1, 2.5591))), image * 3, rtol=8 * EPS
    )

    # a disc of water: the inside comes back as 1 (Gibbs and 24 views leave some per cent)
    y, x = np.mgrid[-31.5:32, -31.5:32]
    disc = (np.hypot(x, y) < 20).astype(np.float32)
    seen = scanner.reconstructed(scanner.lengths(disc))
    assert abs(seen[12:20, 12:20].mean() - 1) < 0.03

    # a full scan commutes with quarter turns and reflections; with views missing only reflections are left
    def turned(image, missing, move):
        both = (scanner.reconstructed(scanner.lengths(a), missing) for a in (image, np.ascontiguousarray(move(image))))
        one, other = both
        return np.abs(move(one) - other).max() / np.abs(one).max()

    assert max(turned(image, 0, np.rot90), turned(image, 0, np.fliplr), turned(image, 40, np.fliplr)) < 1e-4
    assert turned(image, 40, np.rot90) > 0.1


def test_quality_and_blocks():
    rng = np.random.default_rng(1)
    target = rng.uniform(0, RANGE, (2, 1, 24, 24)).astype(np.float32)
    out = (target + rng.normal(0, 0.3, target.shape)).astype(np.float32)
    target[:, :, 3:5, 7:9] = METAL
    found = psnr(torch.tensor(out), torch.tensor(target)), ssim(torch.tensor(out), torch.tensor(target))
    for k in range(2):
        known = target[k, 0] >= 0
        a, b = np.where(known, np.clip(out[k, 0], 0, RANGE), 0.0), np.where(known, target[k, 0], 0.0)
        expected = 10 * np.log10(RANGE**2 / np.mean((a - b)[known] ** 2))
        assert float(found[0][k]) == pytest.approx(expected, rel=1e-5)

        def mean(image):
            return gaussian_filter(image, 1.5, truncate=3.5)[5:-5, 5:-5]

        ma, mb = mean(a), mean(b)
        va, vb, vab = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
        c1, c2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
        expected = ((2 * ma * mb + c1) * (2 * vab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean()
        assert float(found[1][k]) == pytest.approx(expected, rel=1e-4)

    blocks = [(block, part) for part, blocks in BLOCKS.items() for block in blocks]
    assert len(blocks) == 6
    assert all(0 <= start < stop <= SHAPE[0] for (start, stop), _ in blocks)
    for (a, _), (b, _) in combinations(blocks, 2):
        assert max(a[0], b[0]) - min(a[1], b[1]) >= GAP

    made = [
        simulated(phantom(2, 32), Scanner(16, 1.6, 12, pixel_matrix), 2, turned, np.random.default_rng(3))
        for turned in (False, False, True)
    ]
    assert all(np.array_equal(made[0][name], made[1][name]) for name in made[0])
    assert made[0]["0"].shape == made[0]["target"].shape == (4, 16, 16)
    assert ((made[0]["target"] == METAL) | (made[0]["target"] >= 0)).all()
    assert (made[0]["target"] == METAL).any()
    assert not np.array_equal(made[0]["target"], made[2]["target"])


def test_network_is_equivariant_when_projected():
    for name, G in GROUPS.items():
        torch.manual_seed(0)
        net, x = UNet(8), 3 * torch.rand(2, 1, 16, 16)
        one = G.trivial()
        assert equivariance_error(net, one, one, x).mean > 1e-3, name
        project_(net, specification(name, 8))
        assert equivariance_error(net, one, one, x).maximum < 1000 * EPS, (
            name
        )  # sums of 8 * 16 * 9 terms in eight layers
