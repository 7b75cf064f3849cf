"""A family of groups from outside the package: the binary icosahedral group, by name, with its irreps; and families refused."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grouprep import (
    Cyclic,
    Dihedral,
    GroupFamily,
    GroupRepError,
    LieGroup,
    SpReal,
    UnsupportedGroup,
    load_group,
    register_family,
    unregister_family,
)
from grouprep.groups.files import group_from_dict
from grouprep.groups.registry import families
from grouprep.haar import CompactAlgebra, HaarSampler, classical_type, contains
from grouprep.irreps.listed_family import ListedFamily
from grouprep.linalg import as_image
from grouprep.quadrature import CircleRule, haar_quadrature, has_quadrature
from grouprep.testing import irrep_laws
from projectors import Hom, decompose

ROOT = Path(__file__).resolve().parents[3]
LAWS = [
    "check_unitary_homomorphism", "check_irreducible", "check_indicator", "check_commutant", "check_structure",
    "check_constituent", "check_conjugated",
]  # fmt: skip
CHARACTERS = {"1": 1, "2": -1, "3": 0, "4": 1, "5": -1, "6": 0, "2'": -1, "3'": 0, "4'": 1}  # at an element of order 3


@pytest.fixture
def registered():
    """Families registered during the test are forgotten after it."""
    before = {F.name for F in families()}
    yield
    for F in families():
        if F.name not in before:
            unregister_family(F.name)


@pytest.fixture
def binary(registered):
    """The group, by name, after its module was imported."""
    sys.modules.pop("binary_icosahedral", None)
    importlib.import_module("binary_icosahedral")
    return load_group("2I")


# --- the binary icosahedral group


def test_the_group(binary):
    assert binary.order == 120
    assert load_group("BinaryIcosahedral") == binary
    assert load_group("2I x C3").order == 360
    assert binary.to_dict() == {"catalogue": "2I"}
    assert group_from_dict(binary.to_dict()) == binary
    assert binary.sample(50, np.random.default_rng(0)).shape == (50, binary.degree)
    assert has_quadrature(binary)
    assert len(haar_quadrature(binary, 3)) == 120


@pytest.mark.parametrize("law", LAWS)
def test_its_irreps_obey_the_laws(binary, law):
    """All but that of rational forms: irreps in a basis that suits them need not be over their character's field."""
    rng = np.random.default_rng(0)
    for label in ("2", "3'"):
        getattr(irrep_laws, law)(binary.irrep(label, field="complex"), rng)
    getattr(irrep_laws, law)(binary.irrep("2'"), rng)


def test_its_irreps(binary):
    irreps = binary.irreps(field="complex")
    assert [I.dim for I in irreps] == [1, 2, 3, 4, 5, 6, 2, 3, 4]
    assert {I.label: I.type for I in irreps if I.dim % 2} == dict.fromkeys(["1", "3", "5", "3'"], "R")
    assert {I.label: I.type for I in irreps if I.dim % 2 == 0} == {"2": "H", "4": "H", "6": "H", "2'": "H", "4'": "R"}
    third = binary.multiply(binary.generators[0], binary.generators[0])
    assert {I.label: round(float(np.trace(I(third)).real)) for I in irreps} == CHARACTERS
    assert [I.dim for I in binary.irreps()] == [1, 4, 3, 8, 5, 12, 4, 3, 4]
    assert binary.irrep("4'").field == "real"
    with pytest.raises(GroupRepError, match=r"no such irrep.*labels are 1, 2, 3, 4, 5, 6, 2', 3', 4'"):
        binary.irrep("7")
    table = binary.character_table().values
    sizes = np.array([len(c) for c in binary.conjugacy_classes])
    assert np.abs((table * sizes) @ table.conj().T / 120 - np.eye(9)).max() < 1e-12


def test_mckay(binary):
    """The products with the spin 1/2 are the diagram of affine E8: 1-2-3-4-5-6-4'-2' with 3' at 6."""
    two = binary.irrep("2", field="complex")
    edges = {"1": "2", "2": "13", "3": "24", "4": "35", "5": "46"}
    for label, neighbours in edges.items():
        found = (two * binary.irrep(label, field="complex")).multiplicities()
        assert found == dict.fromkeys(neighbours, 1)
    found = (two * binary.irrep("6", field="complex")).multiplicities()
    assert found == dict.fromkeys(["5", "3'", "4'"], 1)


def test_hom_and_decomposition(binary):
    V = binary.irrep("2", field="complex")
    H = Hom(V**3, V**3)
    assert H.dim == len(H.basis()) == 5
    assert decompose(V**3).labels == {"2": 2, "4": 1}
    W = binary.irrep("3") ** 2 + 2 * binary.irrep("2")
    D = decompose(W)
    assert D.labels == {"1": 1, "2": 2, "3": 1, "5": 1}
    g, U = binary.sample(1, np.random.default_rng(1))[0], D.change_of_basis
    assert np.abs(W(g) @ U - U @ D.blocks(g)).max() < 1e-13
    R = Hom(W, W)
    assert R.dim == 3 + 4 * 4
    T = np.random.default_rng(2).standard_normal((W.dim, W.dim))
    g = binary.elements
    average = (W(g) @ T @ np.linalg.inv(W(g))).mean(axis=0)
    assert np.abs(R.project(T) - average).max() < 1e-13


def test_on_the_command_line(tmp_path):
    """A distribution names the module in an entry point; nobody imports it."""
    info = tmp_path / "binary_icosahedral-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: binary_icosahedral\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[grouprep.families]\nbinary_icosahedral = binary_icosahedral\n")
    source = ROOT / "tests" / "support" / "binary_icosahedral.py"
    (tmp_path / "binary_icosahedral.py").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    command = [sys.executable, "-m", "projectors", "info", "2I"]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "120" in run.stdout
    assert "4'" in run.stdout
    (tmp_path / "binary_icosahedral.py").write_text("import no_such_module\n")
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}, timeout=120)
    assert run.returncode != 0
    assert "family binary_icosahedral = binary_icosahedral cannot be loaded: No module named 'no_such_module'" in (
        " ".join((run.stdout + run.stderr).split())
    )


# --- Haar measure of a family's own


def test_haar_measure_quadrature_and_irreps_are_the_familys(registered):
    """Rotations of the plane (x, y) in space: a circle that no shipped family covers."""
    turn = [[0, -1, 0], [1, 0, 0], [0, 0, 0]]
    G = LieGroup.from_algebra([turn], name="Axis")
    assert classical_type(G) is None
    assert not has_quadrature(G)
    with pytest.raises(
        UnsupportedGroup, match=r"no Haar sampler is known for Axis.*so\(n\), su\(n\), sp\(n\) or u\(n\)"
    ):
        G.sample(1, np.random.default_rng(0))

    def turns(angles):
        out = np.zeros((len(angles), 3, 3))
        out[:, 2, 2] = 1
        out[:, 0, 0] = out[:, 1, 1] = np.cos(angles)
        out[:, 1, 0] = np.sin(angles)
        out[:, 0, 1] = -out[:, 1, 0]
        return out

    class Axis(HaarSampler):
        algebra = "so(2) about an axis"

        def covers(self, algebra: CompactAlgebra) -> bool:
            return algebra.n == 3 and algebra.dimension == 1

        def sample(self, size, n, rng):
            return turns(2 * np.pi * rng.random(n))

    register_family(
        GroupFamily(name="Axis", constructor=lambda: G, haar=Axis(), quadrature={3: CircleRule("Axis", turns)})
    )
    assert classical_type(G) == "Axis"
    g = G.sample(200, np.random.default_rng(0))
    assert np.abs(g @ np.swapaxes(g, 1, 2) - np.eye(3)).max() < 1e-15
    rule = haar_quadrature(G, 2)
    mean = np.tensordot(rule.weights, rule.nodes, 1)
    assert np.abs(mean - np.diag([0, 0, 1])).max() < 1e-15
    with pytest.raises(UnsupportedGroup, match=r"membership in the groups of so\(2\) about an axis"):
        contains(G, as_image([[0, -1, 0], [1, 0, 0], [0, 0, 1]]))


def test_the_familys_own_irreps_come_first(registered):
    """Irreps of a group that the dihedral family knows too."""
    G = Dihedral(3)
    named = {name: G.irrep(label) for name, label in (("one", "A1"), ("sign", "A2"), ("plane", "E1"))}
    family = ListedFamily(G, named)
    register_family(GroupFamily(name="Triangle", constructor=lambda: G, irreps=lambda H: family if H == G else None))
    assert [I.label for I in Dihedral(3).irreps()] == ["one", "sign", "plane"]
    assert [I.label for I in Dihedral(4).irreps()] == ["A1", "A2", "B1", "B2", "E1"]
    unregister_family("Triangle")
    assert [I.label for I in Dihedral(3).irreps()] == ["A1", "A2", "E1"]


# --- refusals


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "SO"}, r"cannot register the family SO: SO is registered already; .*unregister_family\('SO'\)"),
        ({"name": "Mine", "example": "D7", "pattern": r"D(\d+)"}, '"D7" is a group of the family Dihedral already'),
        ({"name": "Mine", "pattern": r"\w+"}, r'its pattern matches "A5", a group of the family Alternating'),
        ({"name": "Mine", "neighbours": {"emlp": {"D": Dihedral}}}, 'emlp\'s "D" is a group of the family Dihedral'),
        ({"name": "Mine", "example": "Yours"}, "the pattern 'Mine' of Mine does not match it"),
        ({"name": "Mine", "pattern": "("}, "no regular expression"),
        ({"name": ""}, "a family needs a name"),
        ({"name": " "}, "a family needs a name"),
        ({"name": None}, "a family needs a name"),
        ({"name": "Mine", "constructor": None}, "Mine needs a function that makes a group"),
    ],
)
def test_families_that_cannot_be(registered, fields, message):
    with pytest.raises(GroupRepError, match=message):
        register_family(GroupFamily(**({"constructor": Cyclic} | fields)))
    assert [F.name for F in families()].count("SO") == 1
    assert not [F for F in families() if F.name == "Mine"]


def test_twice(registered):
    family = GroupFamily(name="Clock", constructor=lambda: Cyclic(12))
    register_family(family)
    with pytest.raises(GroupRepError, match="Clock is registered already"):
        register_family(family)
    with pytest.raises(GroupRepError, match="is no GroupFamily; register_family"):
        register_family(Cyclic)
    with pytest.raises(GroupRepError, match=r"unknown; known are .*D4.*Sp\(4,R\).*Clock with any number"):
        load_group("Sundial")
    with pytest.raises(UnsupportedGroup, match=r"known are those of .*SO\(n\)"):
        SpReal(4).irreps(up_to=1)
    unregister_family("Clock")
    with pytest.raises(GroupRepError, match='no family is called "Clock"; registered are Alternating, Cyclic'):
        unregister_family("Clock")
    with pytest.raises(GroupRepError, match='group "Clock" is unknown'):
        load_group("Clock")


def test_lists_of_irreps_that_are_none():
    G = Dihedral(3)
    with pytest.raises(GroupRepError, match="add up to its order 6; those of one, plane give 5"):
        ListedFamily(G, {"one": G.trivial(), "plane": G.defining()})
    with pytest.raises(GroupRepError, match="isomorphic"):
        ListedFamily(G, {"one": G.trivial(), "two": G.trivial(), "plane": G.defining()}).irreps("complex", None)
    with pytest.raises(GroupRepError, match="must be a representation of D3"):
        ListedFamily(G, {"one": Dihedral(4).trivial()})
    with pytest.raises(GroupRepError, match="finitely many irreps"):
        ListedFamily(G, {I.label: I for I in G.irreps()}).irreps("real", 3)
    C3 = Cyclic(3)
    family = ListedFamily(C3, {I.label: I for I in C3.irreps(field="complex")})
    one, two = (family.irrep(label, "complex") for label in ("1", "2"))
    assert one.conjugated == two
    assert one.real_form == two.real_form
    assert [I.dim for I in family.irreps("real", None)] == [1, 2]
