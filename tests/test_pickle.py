"""Every object pickles and deep-copies equal, used or fresh, and equality is by value, never by how it prints."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
from cases import cases

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
from grouprep.groups.base import Generator
from grouprep.groups.matrix_groups import PolygonAction
from grouprep.irreps.user_irreps import UserIrrep
from grouprep.linalg import Monomial
from projectors import Hom, commutant, decompose
from projectors.models import LayerSpec
from projectors.penalties import (
    Entrywise,
    Frobenius,
    Induced,
    KyFan,
    Mixed,
    Schatten,
    Spectral,
    defect_bound,
    penalty,
)

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


@cases("used", [False, True], ids=["fresh", "used"])
@cases("name", GROUPS)
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


@cases("name", GROUPS)
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


@cases("name", [n for n in GROUPS if n != "Lorentz"])
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


R, S = [1, 2, 3, 0], [0, 3, 2, 1]  # generators of D4
TURN, FLIP, HALF = [[0, -1], [1, 0]], [[1, 0], [0, -1]], [[-1, 0], [0, -1]]
PLANES = [[[0, -1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]]]
D4, C2 = Dihedral(4), Cyclic(2)
V4 = C2 * C2


def by_images(*images, group=V4, **options):
    return Representation(group, images=[[list(row) for row in m] for m in images], **options)


def by_matrices(a, b):
    return FiniteGroup.from_matrices([a, b])


def spec(**changed):
    V = D4.natural()
    return LayerSpec(**{"V": V, "W": V, "grid": None, "bias": True, "layout": "in_out", "stacked": 1} | changed)


# Each makes an object from the values of its fields: (the fields, another value for each of them).
FIELDS = {
    "generator": (Generator, ("a", "element", 0, (1,)), (None, "algebra", 1, (0,))),
    "monomial": (Monomial, ([1, 0, 2], [0, 1, 0], 3), ([1, 2, 0], [0, 1, 1], 4)),
    "permutations": (lambda *p: FiniteGroup.from_permutations(p), (R, S), (R[::-1], [1, 0, 3, 2])),
    "matrices": (by_matrices, (TURN, FLIP), (HALF, HALF)),
    "polygon": (PolygonAction, (4, True), (5, False)),
    "algebra": (lambda a, b, c, h: LieGroup.from_algebra([a, b, c], components=[h]),
                (*PLANES, [[-1, 0, 0], [0, -1, 0], [0, 0, -1]]),
                ([[0, -2, 0], [2, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, -2], [0, 2, 0]],
                 [[0, 0, 2], [0, 0, 0], [-2, 0, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, -1]])),
    "float algebra": (lambda a: LieGroup.from_algebra([np.array(a)]), (np.array(TURN) * 1.0,), (np.array(TURN) * 2.0,)),
    "product": (lambda G, H: G * H, (C2, D4), (Cyclic(3), C2)),
    "product with a circle": (lambda G, H: G * H, (SO(2), D4), (U(1), C2)),
    "homomorphism": (Homomorphism, (D4, C2, [[1, 0], [0, 1]]), (None, Symmetric(2), [[0, 1], [1, 0]])),
    "projection": (lambda G, k: Homomorphism.projection(G, k), (C2 * C2, 0), (C2 * D4, 1)),
    "images": (by_images, (FLIP, HALF), (HALF, FLIP)),
    "float images": (lambda a, b: by_images(np.array(a) * 1.0, np.array(b) * 1.0), (FLIP, HALF), (HALF, FLIP)),
    "form": (lambda form: by_images([[1, 0], [0, 1]], [[1, 0], [0, 1]], gram=form), ([[2, 1], [1, 2]],), ([[1, 0], [0, 1]],)),
    "sum": (lambda n, V, m, W: n * V + m * W, (2, D4.defining(), 3, D4.trivial()), (1, D4.natural(), 1, D4.defining())),
    "tensor product": (lambda V, W: V * W, (D4.defining(), D4.natural()), (D4.natural(), D4.defining())),
    "symmetric power": (lambda V, k: V.symmetric_power(k), (D4.natural(), 2), (D4.defining(), 3)),
    "exterior power": (lambda V, k: V.exterior_power(k), (D4.natural(), 2), (D4.regular(), 3)),
    "power": (lambda V, kind: getattr(V, kind)(2), (D4.natural(), "symmetric_power"), (None, "exterior_power")),
    "grid": (lambda G, n, m: G.grid((n, m)), (Cyclic(2), 2, 3), (Dihedral(2), 4, 5)),
    "pullback": (lambda k, V: V4.pullback(k, V), (0, C2.natural()), (1, C2.trivial())),
    "basis": (lambda V, x: V.change_basis([[1, x], [0, 1]]), (C2.natural(), 2), (2 * C2.trivial(), 3)),
    "float basis": (lambda V, x: V.change_basis(np.array([[1, x], [0, 1]])), (C2.natural(), 2.0), (2 * C2.trivial(), 3.0)),
    "irrep": (lambda G, label, over: G.irrep(label, over), (SO(3), 1, "real"), (SU(2), 2, "complex")),
    "irrep of a finite group": (lambda label, over: D4.irrep(label, over), ("A1", "real"), ("E1", "complex")),
    "irrep with a parity": (lambda label: O(3).irrep(label), ("1e",), ("1o",)),
    "given irrep": (UserIrrep, (C2.trivial(), "real", 0), (C2.irrep(1), "complex", 1)),
    "rational form": (lambda V: V.rational()[0], (SO(3).irrep(1),), (SO(3).irrep(2),)),
    "Hom": (Hom, (D4.natural(), D4.defining(), "auto", "invariant", None),
            (D4.regular(), D4.natural(), "averaging", "euclidean", [D4.trivial()])),
    "decomposition": (lambda V, field: decompose(V, field), (D4.natural(), "real"), (D4.regular(), "complex")),
    "frame": (lambda V, W: Hom(V, W).spectral, (D4.natural(), D4.defining()), (D4.defining(), D4.natural())),
    "float basis of operators": (lambda V, W: Hom(V, W).basis(), (D4.natural(), D4.defining()), (D4.defining(), D4.trivial())),
    "exact basis of operators": (lambda V, W: Hom(V, W).exact_basis(), (D4.natural(), D4.defining()), (D4.defining(), D4.natural())),
    "Frobenius": (Frobenius, (True,), (False,)),
    "KyFan": (KyFan, (2,), (3,)),
    "Schatten": (Schatten, (3,), (4,)),
    "Mixed": (Mixed, (1, 2), (2, 1)),
    "Entrywise": (Entrywise, (1,), (3,)),
    "Induced": (Induced, (1,), (float("inf"),)),
    "specification": (lambda *values: spec(**dict(zip(("V", "W", "grid", "bias", "layout", "stacked"), values, strict=True))),
                      (D4.natural(), D4.natural(), None, True, "in_out", 1),
                      (D4.defining(), D4.trivial(), 9 * D4.trivial(), False, "out_in", 2)),
}  # fmt: skip


@cases("name", FIELDS)
def test_every_field_counts_for_equality(name):
    """Two objects that differ in one field alone are not equal; made twice from the same, they are, and hash alike."""
    make, values, others = FIELDS[name]
    first, again = make(*values), make(*values)
    assert first == again
    assert hash(first) == hash(again)
    for k, other in enumerate(others):
        if other is not None:
            different = make(*values[:k], other, *values[k + 1 :])
            assert first != different, f"field {k}: {values[k]!r} or {other!r}"
            assert different != first
            assert different == make(*values[:k], other, *values[k + 1 :])


def test_names_do_not_count_for_equality():
    assert Generator("a", "element", 0) == Generator("b", "element", 0)
    assert by_images(FLIP, HALF, name="x") == by_images(FLIP, HALF, name="y")
    assert Monomial([1, 0], [0, 1], 2) == Monomial([1, 0], [0, 2], 4)


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
