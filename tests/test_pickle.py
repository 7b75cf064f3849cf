"""Every object pickles and deep-copies equal, used or fresh, and equality is by value, never by how it prints."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    FiniteGroup,
    Homomorphism,
    LieGroup,
    Lorentz,
    O,
    Quaternion,
    Representation,
    Sp,
    Symmetric,
    U,
)
from projectors import Hom, commutant
from projectors.penalties import Frobenius, Spectral, defect_bound, penalty

GROUPS = {
    "C5": lambda: Cyclic(5),
    "D4": lambda: Dihedral(4),
    "S4": lambda: Symmetric(4),
    "Q8": Quaternion,
    "SO3": lambda: SO(3),
    "O2": lambda: O(2),
    "SU2": lambda: SU(2),
    "U1": lambda: U(1),
    "Sp1": lambda: Sp(1),
    "Lorentz": Lorentz,
    "D3xC2": lambda: Dihedral(3) * Cyclic(2),
    "S3xSU2": lambda: Symmetric(3) * SU(2),
    "presentation": lambda: FiniteGroup.from_presentation(["a", "b"], ["a^5", "b^4", "b a b^-1 a^-2"], name="F20"),
    "matrices": lambda: FiniteGroup.from_matrices([[["-1/2", "-sqrt(3)/2"], ["sqrt(3)/2", "-1/2"]]]),
    "table": lambda: FiniteGroup.from_table([[0, 1], [1, 0]]),
    "algebra": lambda: LieGroup.from_algebra([[["I", 0], [0, "2*I"]]]),
    "float": lambda: LieGroup.from_algebra([np.array([[0.0, -1.0], [1.0, 0.0]])]),
}


def representations(G):
    V = G.defining()
    found = [G.trivial(), V, V + V, V * V, 2 * V + G.trivial(), V.dual, V.conjugate, V.symmetric_power(2)]
    if V.dim > 1:
        found.append(V.exterior_power(2))
    if G.is_finite:
        found += [G.natural(), G.regular()]
    return found


def copies(x):
    return pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)


@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
@pytest.mark.parametrize("name", GROUPS)
def test_groups(name, used):
    G = GROUPS[name]()
    if used:
        _ = G.is_compact, hash(G), G.defining().gram, G.defining().field, G.defining().domain
        if name != "Lorentz":
            _ = commutant(G.defining()).basis()
        if G.is_finite:
            _ = G.elements, G.conjugacy_classes, G.schreier_sims
    for other in copies(G):
        assert other == G
        assert hash(other) == hash(G)
        assert (other.name, other.order, other.generator_names) == (G.name, G.order, G.generator_names)
        V, W = G.defining(), other.defining()
        assert V == W
        assert V.dim == W.dim
        for generator in G.generator_names:
            from grouprep.linalg import as_float

            assert np.array_equal(as_float(V.images[generator]), as_float(W.images[generator]))


@pytest.mark.parametrize("name", GROUPS)
def test_representations(name):
    G = GROUPS[name]()
    for V in representations(G):
        if name != "float":
            _ = V.domain
        _ = V.field, V.gram, V.is_unitary, V.images
        for other in copies(V):
            assert other == V, V
            assert hash(other) == hash(V)
            assert str(other) == str(V)
            assert (other.dim, other.field, other.is_unitary) == (V.dim, V.field, V.is_unitary)
            # Not only equal: it still works.
            assert (other + other).dim == 2 * V.dim


@pytest.mark.parametrize("name", [n for n in GROUPS if n != "Lorentz"])
def test_homs(name):
    G = GROUPS[name]()
    V = G.defining()
    H = Hom(V + G.trivial(), V)
    fresh = copies(H)
    X = H.basis().matrices
    if H.is_exact:
        _ = H.exact_basis(), H.certify()
    for other in (*fresh, *copies(H)):
        assert other == H
        assert hash(other) == hash(H)
        assert other.dim == H.dim
        assert np.array_equal(other.basis().matrices, X)
        if H.is_exact:
            assert [str(m) for m in other.exact_basis()] == [str(m) for m in H.exact_basis()]


def test_a_representation_from_images_and_a_unitary_form():
    G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    V = Representation(G, images={"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}, name="V")
    U_, S = V.unitary()
    g = G.elements
    for W in (V, U_):
        for other in copies(W):
            assert other == W
            assert np.array_equal(other(g), W(g))
    assert np.array_equal(copies(S)[0], S)


def test_homomorphisms():
    G = Dihedral(4)
    maps = [
        Homomorphism.identity(G),
        Homomorphism(Cyclic(4), G, [G.generators[0]]),
        Homomorphism.projection(G * Cyclic(2), 0),
        Homomorphism.projection(G * SO(2), 1),
    ]
    for f in maps:
        for other in copies(f):
            assert other == f
            assert hash(other) == hash(f)
            V, W = f.target.defining().restrict(f), other.target.defining().restrict(other)
            assert V == W


def test_bases_certificates_norms_and_bounds():
    H = commutant(Dihedral(3).defining() ** 2)
    T = np.random.default_rng(0).standard_normal(H.shape)
    basis, exact, certificate = H.basis(), H.exact_basis(), H.certify()
    for other in copies(basis):
        assert np.array_equal(other.matrices, basis.matrices)
        assert np.array_equal(other.project(T), basis.project(T))
    for other in copies(exact):
        assert [str(m) for m in other] == [str(m) for m in exact]
        assert len(other) == len(exact)
    for other in copies(certificate):
        assert other == certificate
    for norm in (Frobenius(), Frobenius(squared=True), Spectral()):
        for other in copies(norm):
            assert other == norm
            assert penalty(T, H, other) == penalty(T, H, norm)
    bound = defect_bound(T, H)
    assert copies(bound)[0] == bound
    assert Frobenius() != Frobenius(squared=True)
    assert Frobenius() != Spectral()


def test_equality_is_by_value():
    assert Dihedral(4) == Dihedral(4)
    assert Dihedral(4) is not Dihedral(4)
    # The same permutations with another name are the same group.
    perms = [[1, 2, 3, 0], [0, 3, 2, 1]]
    assert FiniteGroup.from_permutations(perms, name="x") == FiniteGroup.from_permutations(perms, name="y")
    # The same name with other generators is another one.
    assert FiniteGroup.from_permutations(perms, name="x") != FiniteGroup.from_permutations(perms[::-1], name="x")
    assert FiniteGroup.from_permutations([[1, 0]], name="x") != FiniteGroup.from_permutations([[1, 0, 2]], name="x")
    assert SO(2) != U(1)
    assert SO(3) != O(3)
    assert Cyclic(3) * Cyclic(2) != Cyclic(2) * Cyclic(3)
    G = Dihedral(4)
    assert G.regular() != G.natural()
    assert G.trivial() != Cyclic(2).trivial()
    assert 2 * G.defining() != G.defining()
    assert G.defining() ** 2 != G.defining()
    assert (G.defining() == 1) is False
    assert Hom(G.regular(), G.defining()) != Hom(G.defining(), G.regular())
    assert Hom(G.regular(), G.defining()) != Hom(G.regular(), G.defining(), inner="euclidean")
    assert Hom(G.regular(), G.defining()) == Hom(G.regular(), G.defining())
    assert len({Hom(G.regular(), G.defining()), Hom(G.regular(), G.defining())}) == 1


def test_representations_that_print_alike_differ():
    G = Cyclic(4)
    V = Representation(G, images=[[["I"]]], name="chi")
    W = Representation(G, images=[[["-I"]]], name="chi")
    assert str(V) == str(W)
    assert V != W
    assert Hom(V, W).dim == 0
    assert Hom(V, V).dim == 1


def test_the_same_input_gives_the_same_basis_bit_for_bit():
    def make():
        G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
        return [commutant(G.defining() ** 2), Hom(G.regular(), G.defining()), commutant(SU(2).defining() ** 3)]

    for H, K in zip(make(), make(), strict=True):
        assert np.array_equal(H.basis().matrices, K.basis().matrices)
        assert [str(m) for m in H.exact_basis()] == [str(m) for m in K.exact_basis()]


def test_what_one_process_hashed_is_equal_in_another(tmp_path):
    """Hashes of text differ from process to process; an equal object does not."""
    made = "G = Dihedral(4); V = G.regular(); H = Hom(V, V); things = G, V, H, decompose(V), H.spectral, H.basis()"
    imports = "import pickle; from grouprep import Dihedral; from projectors import Hom, decompose"
    path = tmp_path / "things.pickle"
    write = f"{imports}; {made}; list(map(hash, things)); pickle.dump(things, open({str(path)!r}, 'wb'))"
    compare = "print([a == b and hash(a) == hash(b) for a, b in zip(found, things)])"
    read = f"{imports}; {made}; found = pickle.load(open({str(path)!r}, 'rb')); {compare}"
    for seed, code in (("1", write), ("2", read)):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONWARNINGS": "ignore"}
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout.strip() == str([True] * 6)
