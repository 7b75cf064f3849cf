"""The study of ablations: the design is balanced, its effects are found, and penalties are what they are said to be."""

import numpy as np
import torch
from numpy.testing import assert_allclose

from projectors.torch import EquivariancePenalty
from studies.ablations.design import fit, fraction
from studies.ablations.study import FACTORS, NORMS, STUDY, TASKS, ablated


def test_main_effects_are_clear_of_each_other_and_of_interactions():
    levels, blocks = fraction()
    X = np.array(levels)
    assert X.shape == (64, 1 + len(FACTORS))
    bits = np.array([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in X[:, 0]])
    first = np.array([(-1) ** (bits @ np.array(v)) for v in np.ndindex(2, 2, 2) if any(v)])  # contrasts of the norms
    others = (-1) ** X.T[1:]
    mains = [*first, *others]
    pairs = [a * b for k, a in enumerate(others) for b in others[:k]] + [a * b for a in first for b in others[1:]]
    for k, main in enumerate(mains):
        assert main.sum() == 0
        assert all(main @ other == 0 for other in mains[:k])
    assert all(main @ pair == 0 for main in others for pair in pairs)
    rng = np.random.default_rng(0)
    norms, steps = rng.standard_normal(8), rng.standard_normal(len(FACTORS))
    for b in range(4):
        inside = np.equal(blocks, b) - 0.25
        assert all(main @ inside == 0 for main in mains)
    values = [norms[r[0]] + np.dot(steps, r[1:]) + 3 * b for r, b in zip(levels, blocks, strict=True)]
    found = fit(levels, blocks, values)
    assert_allclose(found.steps, steps, atol=1e-12)
    assert_allclose(np.ptp(found.means), np.ptp(norms), atol=1e-12)
    assert_allclose(found.residual, 0, atol=1e-12)


def test_penalties():
    for name, (_, make) in TASKS.items():
        task = make(0, STUDY.smoke)
        for k, norm in enumerate(NORMS):
            net = task.network(k)
            prepared = ablated(norm, (0, 0, 1, 0, 1, 1, 0)).prepare(
                net, task, 0.0, torch.Generator().manual_seed(k), 10
            )
            plain = EquivariancePenalty(net, task.spec, NORMS[norm], residual=1.0)
            along = EquivariancePenalty(net, task.spec, NORMS[norm], residual=0.0, equivariant=1.0)
            strength = 3.0 if norm == "Frobenius squared" else 6 / float(plain().detach())
            values = [float(prepared.term(None, None, None).detach()) for _ in range(3)]
            wanted = [strength * float(((1 - j / 10) * plain() + along() / 100).detach()) for j in range(3)]
            assert_allclose(values, wanted, rtol=1e-4, err_msg=f"{name}, {norm}")
