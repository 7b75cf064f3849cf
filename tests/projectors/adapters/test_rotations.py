"""Rotations drawn and represented in torch: their values, Haar measure, pools of them in the sampled baselines."""

import numpy as np
import pytest
import torch
from cases import cases
from torch import nn

from grouprep import SO, SU, Cyclic, O
from grouprep.errors import GroupRepError, UnsupportedGroup
from projectors.baselines import Augmentation, SampledOperatorPenalty, SampledOutputPenalty
from projectors.baselines.actions import Action, Pool
from projectors.penalties import Frobenius
from projectors.torch import EquivariancePenalty
from projectors.torch.rotations import RotationImages, covers, sample_rotations

EPS = np.finfo(float).eps
REPRESENTATIONS = [
    SO(2).irrep(3) + SO(2).trivial(),
    O(2).irrep("E2") * O(2).defining(),
    SO(3).irrep(7),
    SO(3).irrep(2) * SO(3).defining() + 2 * SO(3).trivial(),
    SO(3).irreps("complex", up_to=3)[3],
    O(3).irrep("2o") + O(3).irrep("1e").dual,
    SU(2).irrep("3/2"),
    SU(2).irreps("complex", up_to=1)[1].conjugate,
]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@cases("V", REPRESENTATIONS, ids=lambda V: f"{V.group}-{V}")
def test_values_are_those_of_the_representation(V):
    for seed in (0, 1):
        angles = sample_rotations(V.group, 40, generator(seed))
        elements = RotationImages(V.group.defining())(angles)
        expected = np.asarray(V(elements.numpy()))
        found = RotationImages(V)(angles)
        assert found.is_complex() == (V.field == "complex")
        # elements err by some eps, and the weights, at most dim V, multiply that
        assert np.abs(found.numpy() - expected).max() < 16 * V.dim * EPS
        single = RotationImages(V)(angles.float())
        assert np.abs(single.numpy() - expected).max() < 64 * V.dim * 2.0**-23
        assert single.dtype == (torch.complex64 if found.is_complex() else torch.float32)


@cases("V", REPRESENTATIONS, ids=lambda V: f"{V.group}-{V}")
def test_draws_have_haar_measure(V):
    """The mean of an image is the projector on invariants, within five deviations of 4,000 draws; each seed draws its own."""
    draws = 4000
    angles = sample_rotations(V.group, draws, generator(2))
    mean = RotationImages(V)(angles).mean(0).numpy()
    invariant = np.linalg.matrix_rank(mean, tol=0.5)
    assert abs(np.trace(mean) - invariant) < 5 * V.dim / draws**0.5
    assert np.abs(mean @ mean - mean).max() < 15 * V.dim / draws**0.5
    assert torch.equal(angles, sample_rotations(V.group, draws, generator(2)))
    assert not torch.equal(angles, sample_rotations(V.group, draws, generator(3)))


def test_other_groups_are_refused():
    for V in (SO(4).defining(), Cyclic(3).regular()):
        assert not covers(V)
        with pytest.raises(UnsupportedGroup, match="no unitary representation of SO"):
            RotationImages(V)
    with pytest.raises(UnsupportedGroup, match="is none of SO"):
        sample_rotations(SO(4), 3, generator())


@cases(
    "V",
    [
        3 * SO(3).irrep(2) + SO(3).defining() + 2 * SO(3).trivial(),
        2 * SO(2).irrep(1) + SO(2).trivial(),
        SO(4).defining() + SO(4).trivial(),
        (SO(3) * Cyclic(2)).pullback(0, SO(3).defining()),
        SU(2).irreps("complex", up_to=1)[1],
    ],
    ids=str,
)
def test_actions_of_chosen_elements_are_products_with_their_matrices(V):
    action, wide = Action(V), torch.complex128
    for size in (None, 3):
        elements = Pool(V.group, generator(1), size).take(5, torch.device("cpu"))
        many = elements[0].elements
        images = torch.as_tensor(np.asarray(V(many.as_elements()))).to(wide)
        rho = [images[g.number] for g in elements]
        x = torch.randn(2, V.dim, 4, generator=generator(), dtype=torch.float64)
        batch = torch.randn(5, V.dim, generator=generator(), dtype=torch.float64)
        for g, M in zip(elements, rho, strict=True):
            assert torch.allclose(action.rows(g, x).to(wide), M @ x.to(wide), atol=1e-13)
            assert torch.allclose(action.columns(g, x.mT).to(wide), x.mT.to(wide) @ M, atol=1e-13)
        each = torch.stack([M @ v for M, v in zip(rho, batch.to(wide), strict=True)])
        assert torch.allclose(action.each(elements, batch).to(wide), each, atol=1e-13)


def test_a_sampled_strength_is_twice_an_exact_one():
    """E |rho T - T rho|^2 = 2 |T - P(T)|^2: fresh draws and a pool, within five deviations of their means."""
    V = 2 * SO(3).irrep(1) + SO(3).irrep(2)
    layer = nn.Linear(V.dim, V.dim, dtype=torch.float64)
    exact = 2 * float(EquivariancePenalty(layer, {"": (V, V)}, Frobenius(squared=True))().detach())
    for pool in (None, 400):
        pen = SampledOperatorPenalty(layer, {"": (V, V)}, generator=generator(), samples=400, pool=pool)
        values = [float(pen().detach()) for _ in range(2)]
        assert all(abs(v / exact - 1) < 5 * 0.15 / 20 + (0.05 if pool else 0) for v in values)
        assert values[0] != values[1]
    kept = SampledOperatorPenalty(layer, {"": (V, V)}, generator=generator(), pool=1)
    assert torch.equal(kept(), kept())


def test_pools_serve_outputs_and_augmentation():
    V = SO(3).irrep(1) + SO(3).trivial()
    x = torch.randn(6, 4, generator=generator())
    move = Augmentation(V, V, generator=generator(), pool=2)
    moved, target = move(x, x)
    assert torch.equal(moved, target)
    assert torch.allclose(moved[:, :3].norm(dim=1), x[:, :3].norm(dim=1), atol=1e-5)
    assert torch.equal(moved[:, 3], x[:, 3])
    pen = SampledOutputPenalty(nn.Identity(), V, V, generator=generator(), samples=3, pool=2)
    assert float(pen(x).detach()) < 1e-10
    for wrong in (0, True, 2.0):
        with pytest.raises(GroupRepError, match="pool ="):
            Augmentation(V, generator=generator(), pool=wrong)
