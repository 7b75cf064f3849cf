"""Crystals and molecules of ase, pymatgen and spglib, against the tables of the literature."""

import types

import numpy as np
import pytest
from cases import cases

from grouprep import GroupRepError, PointGroup, UnsupportedGroup
from grouprep.interop.crystals import crystal_from, molecule_from
from projectors import commutant

spglib = pytest.importorskip("spglib")
ROTATION = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]


def conventional(a, c, angle, species, sites):
    """A cell of a tetragonal, cubic or hexagonal lattice."""
    t = np.deg2rad(angle)
    return np.array([[a, 0, 0], [a * np.cos(t), a * np.sin(t), 0], [0, 0, c]]), np.array(sites), species


FACE = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
u, w = 0.3, 1 / 3
SALT = conventional(5.64, 5.64, 90, ["Na"] * 4 + ["Cl"] * 4, FACE + (np.array(FACE) + 0.5).tolist())
DIAMOND = conventional(3.57, 3.57, 90, ["C"] * 8, FACE + (np.array(FACE) + 0.25).tolist())
RUTILE = conventional(
    4.6,
    2.95,
    90,
    ["Ti"] * 2 + ["O"] * 4,
    [[0, 0, 0], [0.5] * 3, [u, u, 0], [-u, -u, 0], [0.5 - u, 0.5 + u, 0.5], [0.5 + u, 0.5 - u, 0.5]],
)
WURTZITE = conventional(
    3.25, 5.2, 120, ["Zn", "Zn", "O", "O"], [[w, 2 * w, 0], [2 * w, w, 0.5], [w, 2 * w, 0.38], [2 * w, w, 0.88]]
)
POLONIUM = conventional(3.36, 3.36, 90, ["Po"], [[0, 0, 0]])


@cases(
    "cell, symbol, group, atoms, optical, infrared, raman",
    [
        (SALT, "Fm-3m", "Oh", 2, "T1u", "T1u", "0"),
        (DIAMOND, "Fd-3m", "Oh", 2, "T2g", "0", "T2g"),
        (
            RUTILE,
            "P4_2/mnm",
            "D4h",
            6,
            "A1g + A2g + B1g + B2g + Eg + A2u + 2 B1u + 3 Eu",
            "A2u + 3 Eu",
            "A1g + B1g + B2g + Eg",
        ),
        (WURTZITE, "P6_3mc", "C6v", 4, "A1 + 2 B2 + E1 + 2 E2", "A1 + E1", "A1 + E1 + 2 E2"),
        (POLONIUM, "Pm-3m", "Oh", 1, "0", "0", "0"),
    ],
    ids=["salt", "diamond", "rutile", "wurtzite", "polonium"],
)
def test_modes_of_crystals(cell, symbol, group, atoms, optical, infrared, raman):
    """Rousseau, Bauman, Porto, J. Raman Spectroscopy 10 (1981) 253; labels do not depend on how the lattice is turned."""
    for turn in (np.eye(3), ROTATION):
        c = crystal_from((cell[0] @ turn.T, cell[1], cell[2]))
        assert (c.symbol, c.group, len(c.atoms)) == (symbol, PointGroup(group), atoms)
        assert str(c.infrared) == infrared
        assert str(c.raman) == raman
        assert str(c.optical) == optical
        assert c.representation.multiplicities() == dict(c.displacements)
        # A rotation of the lattice takes atoms to atoms of their kind: distances modulo the lattice stay.
        assert np.allclose(c.axes @ c.axes.T, np.eye(3))
        assert np.linalg.det(c.axes) > 0
        fractions = np.linalg.inv(c.lattice.T) @ c.matrices @ c.lattice.T
        assert np.allclose(fractions, np.rint(fractions), atol=1e-6)
    assert np.allclose(crystal_from(SALT).axes, np.eye(3))


def test_force_constants_at_the_centre_of_the_zone():
    """Of diamond: one for all translations, one for T2g; of salt the same, and the coupling of the two T1u."""
    assert commutant(crystal_from(DIAMOND).representation).dim == 2
    assert commutant(crystal_from(SALT).representation).dim == 4


def test_the_tolerance_decides():
    bent = (SALT[0], SALT[1] + np.eye(8, 3) * 1e-3, SALT[2])
    assert crystal_from(bent, symprec=1e-1).group == PointGroup("Oh")
    assert crystal_from(bent, symprec=1e-5).group.order < 48


class Structure:
    """What a pymatgen Structure has."""

    lattice = types.SimpleNamespace(matrix=SALT[0])
    frac_coords, species = SALT[1], SALT[2]


class Atoms:
    """What an ase.Atoms has."""

    pbc = (True, True, True)

    def get_cell(self):
        return SALT[0]

    def get_scaled_positions(self):
        return SALT[1]

    def get_chemical_symbols(self):
        return SALT[2]

    def get_positions(self):
        return SALT[1] @ SALT[0]


def test_who_brings_a_crystal():
    assert str(crystal_from(Structure())) == str(crystal_from(Atoms())) == str(crystal_from(SALT))


METHANE = np.array([[0, 0, 0], [1, 1, 1], [-1, -1, 1], [1, -1, -1], [-1, 1, -1]]) * 0.629
RING = np.stack([np.cos(np.arange(6) * np.pi / 3), np.sin(np.arange(6) * np.pi / 3), np.zeros(6)], axis=1)


def test_molecules():
    """CH4 and C6H6: Cotton, Chemical Applications of Group Theory, chapter 10."""
    methane = molecule_from(types.SimpleNamespace(species=[*"CHHHH"], cart_coords=METHANE))
    assert (str(methane.vibrations), str(methane.infrared), str(methane.raman)) == (
        "A1 + E + 2 T2",
        "2 T2",
        "A1 + E + 2 T2",
    )
    benzene = molecule_from(
        types.SimpleNamespace(species=["C"] * 6 + ["H"] * 6, cart_coords=np.concatenate([1.39 * RING, 2.48 * RING]))
    )
    assert benzene.group == PointGroup("D6h")
    assert str(benzene.infrared) == "A2u + 3 E1u"
    assert str(benzene.raman) == "2 A1g + E1g + 4 E2g"


@cases(
    "call, message",
    [
        (lambda: crystal_from(5), "give an ase.Atoms, a pymatgen Structure"),
        (lambda: crystal_from((np.zeros((3, 3)), [[0, 0, 0]], ["C"])), "three independent vectors"),
        (lambda: crystal_from((np.eye(3), [[0, 0]], ["C"])), "shape"),
        (lambda: crystal_from((np.eye(3), [[0, 0, 0], [0, 0, 0]], ["C", "C"])), "within symprec = 1e-05"),
        (lambda: crystal_from(SALT, symprec=0), "symprec must be a positive length"),
        (lambda: molecule_from(Atoms()), "crystal_from"),
        (lambda: molecule_from(Structure()), "crystal_from"),
        (lambda: molecule_from("H2O"), "no molecule"),
    ],
    ids=["number", "lattice", "positions", "coincide", "symprec", "periodic", "structure", "text"],
)
def test_what_is_no_crystal(call, message):
    with pytest.raises(GroupRepError, match=message):
        call()


def test_ase():
    build = pytest.importorskip("ase.build", reason="ase is not installed")
    silicon = crystal_from(build.bulk("Si", cubic=True))
    assert str(silicon) == "Fd-3m, Oh, 2 atoms: T1u acoustic, T2g optical"
    assert str(molecule_from(build.molecule("CH4")).infrared) == "2 T2"
    assert molecule_from(build.molecule("C6H6")).group == PointGroup("D6h")
    with pytest.raises(UnsupportedGroup, match="linear"):
        molecule_from(build.molecule("CO2"))


def test_pymatgen():
    core = pytest.importorskip("pymatgen.core", reason="pymatgen is not installed")
    salt = core.Structure.from_spacegroup("Fm-3m", core.Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert str(crystal_from(salt)) == "Fm-3m, Oh, 2 atoms: T1u acoustic, T1u optical"
    assert molecule_from(core.Molecule(list("CHHHH"), METHANE)).group == PointGroup("Td")
