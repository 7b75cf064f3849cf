"""Molecules: densities against a slow sum, the network's symmetry, the layers by their coefficients."""

import numpy as np
import pytest
import torch

from grouprep import SO
from grouprep.irreps.spherical_harmonics import spherical_harmonics
from projectors import Hom
from projectors.torch import project_, verify
from studies.molecules.data import PARTS, Atoms, densities, formula_part, invariants, synthetic
from studies.molecules.network import FIELD, SCALARS, VECTOR, coefficients, network, specification, spherical_
from studies.molecules.tasks import INPUT


def test_densities_are_sums_over_bonds_and_turn_with_the_molecule():
    rng = np.random.default_rng(0)
    m = Atoms(np.array([1, 0, 0, 3]), rng.normal(size=(4, 3)), rng.normal(size=4), np.eye(3))  # C, H, H, O
    other = Atoms(np.array([3, 0]), rng.normal(size=(2, 3)), rng.normal(size=2), np.eye(3))
    found = densities([other, m])
    shells, pairs = (1.0, 1.5, 2.2, 3.2), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    for k, atoms in enumerate((other, m)):
        slow = np.zeros((24, 16))
        for i in range(len(atoms.elements)):
            for j in range(len(atoms.elements)):
                pair = int(atoms.elements[i]), int(atoms.elements[j])
                if pair[0] < pair[1]:
                    r = atoms.places[j] - atoms.places[i]
                    Y = np.concatenate([spherical_harmonics(l, r) for l in range(4)])
                    for n, shell in enumerate(shells):
                        R = np.exp(-((np.linalg.norm(r) - shell) ** 2) / (2 * 0.35**2))
                        slow[pairs.index(pair) * 4 + n] += R * Y
        assert np.allclose(found[k], slow, rtol=0, atol=1e-6)  # single precision
    for g in (*FIELD.group.sample(2, rng), -np.eye(3)):
        g = np.asarray(g, dtype=float)
        turned = densities([Atoms(m.elements, m.places @ g.T, m.charges, m.tensor)])[0]
        assert np.allclose(turned, found[1] @ np.asarray(FIELD(g)).T, rtol=0, atol=1e-5)
        assert np.allclose(VECTOR(g), g[np.ix_([1, 2, 0], [1, 2, 0])])
    assert invariants(np.diag([1.0, 1.0, 4.0])).tolist() == [2.0, pytest.approx(3.0)]
    formulas = synthetic().formulas
    counts = [len(synthetic().part(name)) for name in PARTS]
    assert sum(counts) == len(formulas)
    assert all(abs(c / len(formulas) - share) < 0.1 for c, share in zip(counts, PARTS.values(), strict=True))
    assert m.formula == "H2C1O1"
    assert formula_part("H4C1") == formula_part("H4C1")


def test_the_network_is_equivariant_where_its_weights_are_and_coefficients_say_the_same():
    draw = torch.Generator().manual_seed(0)
    for degree, W in ((1, VECTOR), (0, SCALARS)):
        net, spec = network(3, channels=2, outputs=W.dim), specification(2, W)
        x = torch.randn(5, INPUT.dim, generator=draw)
        seen = verify(net, INPUT, W, x, spec, samples=2)
        assert seen.ok
        assert seen.uncovered == ("1.products",)  # constant
        before = net(x)
        project_(net, spec)
        after = net(x)
        assert (before - after).norm() > 0.1 * before.norm()
        spherical_(net, degree)
        assert net[0].coefficients.shape == (4, 2, 24)
        assert torch.allclose(net(x), after, rtol=0, atol=1e-4 * float(after.detach().abs().max()))
    T = np.random.default_rng(1).normal(size=(2 * 16, 3 * 16))
    A = coefficients(torch.tensor(T), None).numpy()
    U = sum((SO(3).irrep(l) for l in (1, 2, 3)), SO(3).irrep(0))
    for V in (FIELD, U):  # each l has one parity: O(3) and SO(3) leave the same operators
        P = Hom(3 * V, 2 * V).project(T).reshape(2, 16, 3, 16)
        right = np.einsum("aoc,ai,ij->oicj", A, np.repeat(np.eye(4), (1, 3, 5, 7), axis=1), np.eye(16))
        assert np.allclose(P, right, rtol=0, atol=1e-12)
