"""Certificates: what is right is proved, and every way of corrupting a basis is rejected."""

import dataclasses
import pickle

import numpy as np
import pytest
from cases import cases

from grouprep import SU, CertificateError, Cyclic, Dihedral, FiniteGroup, LieGroup, Lorentz, Quaternion, Symmetric
from grouprep.linalg import Monomial
from grouprep.linalg.orbits import OrbitSpace
from grouprep.linalg.spaces import ExactSpace, FloatSpace
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.testing.bounds import gamma
from projectors import Hom, commutant
from projectors.certify import certify_spaces
from projectors.certify.evidence import float_residual_bound, orthonormality_bound


def certify(V, W, space, count):
    return certify_spaces("test", {(V, W): 1}, {(V, W): space}, count)


def table(space):
    """The basis as dictionaries {(i, j): value}, and the field."""
    rows = space.rows()
    n = space.shape[1]
    return [
        {divmod(i, n): x for i, x in from_domain_matrix_rows(rows).get(k, {}).items()} for k in range(space.dim)
    ], rows.domain


def exact_space(elements, shape, domain):
    rows = {k: {i * shape[1] + j: x for (i, j), x in e.items() if x} for k, e in enumerate(elements)}
    return ExactSpace(shape, sparse_matrix(rows, (len(elements), shape[0] * shape[1]), domain))


def exact_copy(space):
    elements, domain = table(space)
    return exact_space(elements, space.shape, domain)


def flip_a_sign(elements, domain):
    element = dict(elements[-1])
    key = max(element)
    element[key] = -element[key]
    return [*elements[:-1], element]


def wrong_entry(elements, domain):
    element = dict(elements[0])
    key = min(element)
    element[key] = element[key] + domain.one
    return [element, *elements[1:]]


def extra_entry(elements, domain):
    element = dict(elements[-1])
    free = next((i, j) for i in range(3) for j in range(3) if (i, j) not in element)
    element[free] = domain.one
    return [*elements[:-1], element]


def drop_an_element(elements, domain):
    return elements[1:]


def duplicate_an_element(elements, domain):
    return [*elements, elements[0]]


def replace_by_a_copy(elements, domain):
    return [*elements[:-1], elements[0]]


def dependent_element(elements, domain):
    total = {k: domain.convert(2) * x for k, x in elements[0].items()}
    return [*elements[:-1], total]


def zero_element(elements, domain):
    return [*elements[:-1], {}]


def add_a_foreign_element(elements, domain):
    return [*elements, {(0, 0): domain.one}]


def transpose(elements, domain):
    return [{(j, i): x for (i, j), x in e.items()} for e in elements]


CORRUPTIONS = [
    flip_a_sign,
    wrong_entry,
    extra_entry,
    drop_an_element,
    duplicate_an_element,
    replace_by_a_copy,
    dependent_element,
    zero_element,
    add_a_foreign_element,
]

GROUPS = {
    # The commutant of the quarter turns has an antisymmetric element: signs matter.
    "C4 on the plane": lambda: commutant(Cyclic(4).defining()),
    "C5 natural": lambda: commutant(Cyclic(5).natural()),
    "D4 defining^2": lambda: commutant(Dihedral(4).defining() ** 2),
    "D3 defining^2": lambda: commutant(Dihedral(3).defining() ** 2),
    "Q8 regular to defining": lambda: Hom(Quaternion().regular(), Quaternion().defining()),
    "SU2 defining^2": lambda: commutant(SU(2).defining() ** 2),
    "Lorentz defining^2": lambda: commutant(Lorentz().defining() ** 2, inner="euclidean"),
    "skew S3 squared": lambda: commutant(
        FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}).defining() ** 2
    ),
}


@pytest.mark.parametrize("counted", [True, False], ids=["with-characters", "without-characters"])
@pytest.mark.parametrize("name", GROUPS)
def test_a_true_basis_is_proved(name, counted):
    H = GROUPS[name]()
    count = H.character_count if counted else None
    (pair,) = H.pairs
    for space in (H.space(*pair), exact_copy(H.space(*pair))):
        certificate = certify(*pair, space, count)
        assert certificate.proved, str(certificate)
        assert certificate.dim == H.dim


@cases("counted", [True, False], ids=["with-characters", "without-characters"])
@cases("corrupt", CORRUPTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", GROUPS)
def test_a_corrupted_basis_is_rejected(name, corrupt, counted):
    H = GROUPS[name]()
    count = H.character_count if counted else None
    (pair,) = H.pairs
    elements, domain = table(H.space(*pair))
    corrupted = exact_space(corrupt(elements, domain), H.shape, domain)
    with pytest.raises(CertificateError):
        certify(*pair, corrupted, count)


def test_transposed_bases_are_rejected():
    """Where the transposes are no intertwiners: between a representation that is not orthogonal and its dual."""
    G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    V = G.defining() ** 2
    H = commutant(V)
    (pair,) = H.pairs
    elements, domain = table(H.space(*pair))
    with pytest.raises(CertificateError, match="does not intertwine"):
        certify(*pair, exact_space(transpose(elements, domain), H.shape, domain), H.character_count)


def test_conjugated_bases_are_rejected():
    from grouprep.linalg.fields import conjugate

    H = Hom(Quaternion().regular(), Quaternion().defining())
    (pair,) = H.pairs
    rows = H.space(*pair).rows()
    assert conjugate(rows) != rows
    with pytest.raises(CertificateError, match="does not intertwine"):
        certify(*pair, ExactSpace(H.shape, conjugate(rows)), H.character_count)


def test_swapped_representations_are_rejected():
    """The basis of Hom(V, W) is none of Hom(V, conj W) or Hom(conj V, W)."""
    G = Quaternion()
    V, W = G.regular(), G.defining()
    space = Hom(V, W).space(V, W)
    with pytest.raises(CertificateError):
        certify(V, W.conjugate, space, 2)


def orbit_space(H):
    (pair,) = H.pairs
    space = H.space(*pair)
    assert isinstance(space, OrbitSpace)
    return pair, space


def test_corrupted_orbits_are_rejected():
    H = commutant(Symmetric(4).natural() ** 2)
    pair, space = orbit_space(H)
    assert certify(*pair, space, H.character_count).proved
    labels = space.labels.copy()
    labels[0] = labels[1]
    merged = np.where(space.labels == space.dim - 1, 0, space.labels)
    dropped = np.where(space.labels == space.dim - 1, -1, space.labels)
    swapped = np.where(space.labels == 0, 1, np.where(space.labels == 1, 0, space.labels))
    swapped[np.flatnonzero(space.labels == 0)[:1]] = 0
    cases = {
        "one index in another orbit": dataclasses.replace(space, labels=labels),
        "two orbits merged": dataclasses.replace(space, labels=merged, dim=space.dim - 1),
        "one orbit dropped": dataclasses.replace(space, labels=dropped, dim=space.dim - 1),
        "a label that no index has": dataclasses.replace(space, dim=space.dim + 1),
        "labels swapped at one index": dataclasses.replace(space, labels=swapped),
        "phase": dataclasses.replace(space, phase=np.eye(1, len(space.labels), dtype=np.int64)[0], modulus=2),
    }
    for corrupted in cases.values():
        for count in (H.character_count, None):
            with pytest.raises(CertificateError):
                certify(*pair, corrupted, count)


def test_corrupted_phases_are_rejected():
    H = commutant(Cyclic(4).defining())
    pair, space = orbit_space(H)
    assert not np.array_equal(space.phase, 0 * space.phase)
    for corrupted in (
        dataclasses.replace(space, phase=0 * space.phase),
        dataclasses.replace(space, modulus=4),
        dataclasses.replace(space, modulus=3),
    ):
        with pytest.raises(CertificateError):
            certify(*pair, corrupted, H.character_count)


def test_a_wrong_character_count_is_rejected():
    H = commutant(Dihedral(4).regular())
    pair, space = orbit_space(H)
    for count in (7, 9):
        with pytest.raises(CertificateError, match="characters count"):
            certify(*pair, space, count)


def test_float_spaces_get_a_bound_and_no_proof():
    V = Dihedral(5).defining()
    H = Hom(V**2, V**2, solver="float")
    certificate = H.certify()
    assert not certificate.proved
    assert not certificate.claims[0].proved
    (pair,) = H.pairs
    space = H.space(*pair)
    assert isinstance(space, FloatSpace)
    good = float_residual_bound(*pair, space)
    assert 0 < good <= 100 * np.finfo(float).eps
    off = space.array.copy()
    off[0, 0] += 1e-7
    bound = float_residual_bound(*pair, FloatSpace(space.shape, off, space.gap))
    X = off[0].reshape(space.shape)
    a = V(V.group.generators[0])
    a = np.kron(a, a)
    # The ball bound is rigorous; the float value it is compared with rounds like two products of 4 x 4 matrices.
    rounding = 2 * gamma(len(a)) * np.linalg.norm(a) * np.linalg.norm(X)
    assert bound >= (np.linalg.norm(a @ X - X @ a) - rounding) / np.linalg.norm(X)
    assert bound > 1e-9
    assert orthonormality_bound(FloatSpace(space.shape, 2 * space.array, space.gap)) >= 3
    assert orthonormality_bound(space) <= 1e-13


def test_float_bases_that_are_not_orthonormal_are_rejected():
    """The same element twice: its Gram matrix is 1 everywhere, at a distance of sqrt(2) from the identity."""
    V = Dihedral(4).defining()
    space = Hom(V, V, solver="float").space(V, V)
    twice = FloatSpace(space.shape, np.concatenate([space.array, space.array]), space.gap)
    assert certify(V, V, space, None).claims[1].proved
    for array in (twice.array, 2 * space.array, 0 * space.array, 1e200 * space.array):
        with pytest.raises(CertificateError, match="orthonormal"):
            certify(V, V, FloatSpace(space.shape, array, space.gap), None)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_float_bases_that_are_not_finite_are_rejected(value):
    V = Dihedral(4).defining()
    space = Hom(V, V, solver="float").space(V, V)
    array = space.array.copy()
    array[0, 1] = value
    with pytest.raises(CertificateError, match="NaN or infinite"):
        certify(V, V, FloatSpace(space.shape, array, space.gap), None)


def test_float_elements_that_are_no_intertwiners_are_rejected():
    for V, W in ((Cyclic(2).trivial(), Cyclic(2).natural()), (Quaternion().defining(), Quaternion().regular())):
        space = Hom(V, W, solver="float").space(V, W)
        for size in (1.0, 1e-3):
            array = space.array + size * np.eye(*space.array.shape)
            array = np.linalg.qr(array.T)[0].T
            with pytest.raises(CertificateError, match="does not intertwine"):
                certify(V, W, FloatSpace(space.shape, array, space.gap), None)


def test_bounds_of_rows_that_touch_zero():
    """Squares of entries below the precision of the balls: still a bound, no NaN."""
    found = orthonormality_bound(FloatSpace((2, 1), np.array([[1, 1e-100], [0, 1]]), (0.0, np.inf)))
    assert 1e-100 <= found <= 1e-15
    W = FiniteGroup.from_permutations([[0, 1]]).natural()
    assert float_residual_bound(W, W, Hom(W, W, solver="float").space(W, W)) <= 1e-15


def test_a_float_basis_of_the_wrong_size_is_rejected():
    V = Dihedral(5).defining()
    H = Hom(V**2, V**2, solver="float")
    (pair,) = H.pairs
    space = H.space(*pair)
    with pytest.raises(CertificateError, match="characters count 3"):
        certify(*pair, FloatSpace(space.shape, space.array[1:], space.gap), H.character_count)


def test_evidence_for_what_is_not_semisimple():
    """Powers of a nilpotent matrix: the constraint's own rank decides."""
    G = LieGroup.from_algebra([[[0, 1, 0], [0, 0, 1], [0, 0, 0]]])
    H = commutant(G.defining(), inner="euclidean")
    certificate = certify(H.V, H.V, H.space(H.V, H.V), None)
    assert certificate.proved
    assert certificate.dim == 3
    assert certificate.claims[2].evidence == "the rank of the constraint modulo a prime leaves no more"


@pytest.mark.parametrize("power", [1, 2])
def test_a_missing_element_of_a_phased_space(power):
    """Monomial matrices with phases, counted without characters: each orbit left out, and each phase moved, is noticed."""
    G = Quaternion()
    V = G.defining() ** power
    assert all(isinstance(m, Monomial) for m in V.images.values())
    space = commutant(V).space(V, V)
    written = exact_copy(space)
    assert certify(V, V, written, None).proved
    for k in range(space.dim):
        labels = np.where(space.labels == k, -1, space.labels - (space.labels > k))
        with pytest.raises(CertificateError, match="independent count"):
            certify(V, V, dataclasses.replace(space, labels=labels, dim=space.dim - 1), None)
    for i in np.flatnonzero(space.labels >= 0):
        phase = space.phase.copy()
        phase[i] += 1
        moved = dataclasses.replace(space, phase=phase % space.modulus)
        if space.sizes()[space.labels[i]] > 1:
            with pytest.raises(CertificateError, match="does not intertwine"):
                certify(V, V, moved, None)


def test_the_certificate_is_a_value():
    c = commutant(Symmetric(3).natural()).certify()
    assert pickle.loads(pickle.dumps(c)) == c
    assert "dimension 2, proved" in str(c)
    data = c.to_dict()
    assert (data["dim"], data["proved"], len(data["claims"])) == (2, True, 3)
    assert c.seconds == sum(claim.seconds for claim in c.claims)


def test_hom_with_two_summands_counts_places():
    G = Dihedral(3)
    H = Hom(2 * G.defining() + G.trivial(), G.regular())
    certificate = H.certify()
    assert certificate.dim == H.dim == 5
    assert certificate.proved


def test_characters_of_float_matrices_prove_nothing():
    """The same space in an exact and in a float basis of V; of two summands one float one is enough."""
    V = Symmetric(3).natural()
    S = np.array([[1, 0, 0], [2, 1, 0], [0, 3, 1]])
    exact, rough = V.change_basis(S), V.change_basis(S.astype(float))
    assert commutant(exact).certify().proved
    for W in (rough, exact + rough, rough + exact):
        claims = commutant(W).certify().claims
        assert not claims[2].proved
        assert "float matrices" in claims[2].evidence
