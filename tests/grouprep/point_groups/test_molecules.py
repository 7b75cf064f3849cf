"""Molecules: point groups found from positions, modes by irrep, what infrared and Raman see; in any orientation."""

import itertools

import numpy as np
import pytest
from cases import cases

from grouprep import GroupRepError, Molecule, PointGroup, UnsupportedGroup


def ring(n, radius=1.0, z=0.0, turn=0.0):
    angles = 2 * np.pi * (np.arange(n) + turn) / n
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), np.full(n, z)], axis=1)


def buckminsterfullerene():
    golden = (1 + 5**0.5) / 2
    corners = [(0, 1, 3 * golden), (1, 2 + golden, 2 * golden), (golden, 2, 2 * golden + 1)]
    found = {
        tuple(round(s * x, 9) + 0.0 for s, x in zip(signs, np.roll(corner, k), strict=True))
        for corner in corners
        for k in range(3)
        for signs in itertools.product((1, -1), repeat=3)
    }
    return np.array(sorted(found))


TETRAHEDRON = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
CENTRE = np.zeros((1, 3))
MOLECULES = {
    "water": ("O H H", [[0, 0, 0.12], [0, 0.76, -0.47], [0, -0.76, -0.47]], "C2v", "2 A1 + B2", "2 A1 + B2", "2 A1 + B2"),
    "ammonia": ("N H H H", np.vstack([[[0, 0, 0.1]], ring(3, 0.94, -0.27)]), "C3v", "2 A1 + 2 E", "2 A1 + 2 E", "2 A1 + 2 E"),
    "methane": ("C H H H H", np.vstack([CENTRE, TETRAHEDRON]), "Td", "A1 + E + 2 T2", "2 T2", "A1 + E + 2 T2"),
    "benzene": (
        "C " * 6 + "H " * 6, np.vstack([ring(6, 1.4), ring(6, 2.48)]), "D6h",
        "2 A1g + A2g + 2 B2g + E1g + 4 E2g + A2u + 2 B1u + 2 B2u + 3 E1u + 2 E2u", "A2u + 3 E1u", "2 A1g + E1g + 4 E2g",
    ),
    "SF6": ("S " + "F " * 6, 1.56 * np.vstack([CENTRE, np.eye(3), -np.eye(3)]),
        "Oh", "A1g + Eg + T2g + 2 T1u + T2u", "2 T1u", "A1g + Eg + T2g"),
    "BF3": ("B F F F", np.vstack([CENTRE, ring(3)]), "D3h", "A1' + 2 E' + A2''", "2 E' + A2''", "A1' + 2 E'"),
    "PtCl4": ("Pt " + "Cl " * 4, np.vstack([CENTRE, ring(4, 2.3)]),
        "D4h", "A1g + B1g + B2g + A2u + B2u + 2 Eu", "A2u + 2 Eu", "A1g + B1g + B2g"),
    "ethylene": (
        "C C H H H H", [[0, 0, 0.67], [0, 0, -0.67], [0, 0.92, 1.23], [0, -0.92, 1.23], [0, 0.92, -1.23], [0, -0.92, -1.23]], "D2h",
        "3 Ag + B2g + 2 B3g + Au + 2 B1u + 2 B2u + B3u", "2 B1u + 2 B2u + B3u", "3 Ag + B2g + 2 B3g",
    ),
    "allene": (
        "C C C H H H H",
        [[0, 0, 0], [0, 0, 1.3], [0, 0, -1.3], [0, 0.9, 1.9], [0, -0.9, 1.9], [0.9, 0, -1.9], [-0.9, 0, -1.9]], "D2d",
        "3 A1 + B1 + 3 B2 + 4 E", "3 B2 + 4 E", "3 A1 + B1 + 3 B2 + 4 E",
    ),
    "sulphur": ("S " * 8, np.vstack([ring(4, 1, 0.3), ring(4, 1, -0.3, 0.5)]),
        "D4d", "2 A1 + B1 + B2 + 2 E1 + 3 E2 + 2 E3", "B2 + 2 E1", "2 A1 + 3 E2 + 2 E3"),
    "staggered rings": ("C " * 10, np.vstack([ring(5, 1, 1), ring(5, 1, -1, 0.5)]), "D5d", None, None, None),
    "H2O2": ("O O H H", [[0.7, 0, 0], [-0.7, 0, 0], [0.9, 0.6, 0.6], [-0.9, 0.6, -0.6]], "C2", "4 A + 2 B", "4 A + 2 B", "4 A + 2 B"),
    "chiral": ("C H F Cl Br", [[0, 0, 0], [1, 1, 1], [1.3, -1.2, -1], [-1.5, 1.6, -1.4], [-1.7, -1.8, 1.9]], "C1", "9 A", "9 A", "9 A"),
    "C60": (
        "C " * 60, buckminsterfullerene(), "Ih",
        "2 Ag + 3 T1g + 4 T2g + 6 Gg + 8 Hg + Au + 4 T1u + 5 T2u + 6 Gu + 7 Hu", "4 T1u", "2 Ag + 8 Hg",
    ),
}  # fmt: skip


def turned(positions, seed):
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return np.asarray(positions, dtype=float) @ Q.T + rng.normal(size=3)


@cases("name", MOLECULES)
def test_published_modes(name):
    species, positions, symbol, vibrations, infrared, raman = MOLECULES[name]
    species = species.split()
    for place in (np.asarray(positions, dtype=float), turned(positions, 1)):
        m = Molecule(species, place)
        assert m.group == PointGroup(symbol)
        assert m.vibrations.dim == 3 * len(species) - 6
        if vibrations is not None:
            assert (str(m.vibrations), str(m.infrared), str(m.raman)) == (vibrations, infrared, raman)
    order = np.random.default_rng(2).permutation(len(species))
    again = Molecule([species[k] for k in order], place[order], group=symbol)
    assert again.vibrations == m.vibrations


@cases("name, label", [("ammonia", "E"), ("methane", "T2"), ("benzene", "E2g"), ("sulphur", "E3"), ("water", "A1")])
def test_modes_are_adapted(name, label):
    species, positions, symbol, *_ = MOLECULES[name]
    m = Molecule(species.split(), turned(positions, 3), group=symbol)
    X = m.modes(label)
    copies, d, n, _ = X.shape
    assert copies == m.vibrations[label]
    flat = X.reshape(copies * d, 3 * n)
    np.testing.assert_allclose(flat @ flat.T, np.eye(copies * d), atol=1e-12)
    I = m.group.irrep(label)
    for g, perm, R in zip(m.group.elements, m.permutations, m.matrices, strict=True):
        moved = np.zeros_like(X)
        moved[:, :, perm] = X @ R.T
        np.testing.assert_allclose(moved, np.einsum("ji,cjan->cian", I(g), X), atol=1e-3)
    np.testing.assert_allclose(X.sum(axis=2), 0, atol=1e-12)
    assert dict(m.displacements) == m.representation.multiplicities()


def test_pairs_of_a_cyclic_group():
    m = Molecule(["B"] + 3 * ["O"] + 3 * ["H"], np.vstack([CENTRE, ring(3), ring(3, 1.5, 0, 0.2)]))
    assert m.group == PointGroup("C3h")
    assert str(m.vibrations) == "3 A' + 4 E' + 2 A'' + E''"
    X = m.modes("E'")
    I = m.group.irrep("E'")
    for g, perm, R in zip(m.group.elements, m.permutations, m.matrices, strict=True):
        moved = np.zeros_like(X)
        moved[:, :, perm] = X @ R.T
        np.testing.assert_allclose(moved, np.einsum("ji,cjan->cian", I(g), X), atol=1e-12)


def test_linear_molecules_need_a_group():
    line = [[0, 0, 0], [0, 0, 1.1], [0, 0, -1.1]]
    with pytest.raises(UnsupportedGroup, match="linear"):
        Molecule(["C", "O", "O"], line)
    with pytest.raises(UnsupportedGroup, match="atom"):
        Molecule(["C"], [[1, 2, 3]])
    for place in (line, turned(line, 4)):
        assert str(Molecule(["C", "O", "O"], place, group="D2h").vibrations) == "Ag + B1u + B2u + B3u"
    assert Molecule(["C"], [[1, 2, 3]], group="Oh").vibrations.dim == 0


def test_bad_molecules():
    water = ["O", "H", "H"]
    bent = [[0, 0, 0.12], [0, 0.76, -0.47], [0, -0.76, -0.4]]
    with pytest.raises(GroupRepError, match="no symmetry of the molecule in any axes"):
        Molecule(water, bent, group="C2v")
    assert Molecule(water, bent, group="C2v", tolerance=0.1).group == PointGroup("C2v")
    for arguments, words in (
        ((water, [[0, 0]]), "positions"),
        ((["O"], bent), "species has 1"),
        (("OHH", bent), "species must be a list"),
        ((water, bent, "C2v", np.ones((3, 3))), "orthogonal"),
        ((water, bent, None, np.eye(3)), "give the group too"),
        ((water, bent, None, None, -1), "tolerance"),
        ((water, bent, "C2v*"), "double"),
        ((water, [[0, 0, 0], [1, 0, 0], [1, 0, 0]]), "nearer"),
        ((water, [[0, 0, np.nan], [1, 0, 0], [1, 1, 0]]), "finite"),
    ):
        with pytest.raises(GroupRepError, match=words):
            Molecule(*arguments)
