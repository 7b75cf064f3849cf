"""Every structure of a solved pair: its basis, its projector in place, and what it says of itself."""

import copy
import pickle

import array_api_compat.numpy as xp
import numpy as np
import pytest

from grouprep import SO, SU, Cyclic, Dihedral, FiniteGroup, GroupRepError, Quaternion, Symmetric
from grouprep.linalg import as_float
from projectors import Hom, commutant
from projectors.solvers import solve
from projectors.structure import Block, Blocks, Projection, structure_of
from projectors.structure.dense import Dense
from projectors.structure.orbits import Orbits
from projectors.structure.schur import Schur
from projectors.structure.zero import Zero

EPS = np.finfo(float).eps
SKEW = FiniteGroup.from_matrices(
    {"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}
)  # not unitary: it has a form of its own

MIRROR = FiniteGroup.from_matrices([[[1, 0], [0, -1]]], name="mirror")


def solved(V, W, forms=False):
    return structure_of(solve(V, W), (V.gram, W.gram) if forms else None)


def frame(V, W):
    return Schur(Hom(V, W).spectral)


# name: (structure, the class it is, the forms that its basis is orthonormal in)
STRUCTURES = {
    "permutations": (solved(Cyclic(4).natural(), Cyclic(4).regular()), Orbits, None),
    "orbits of two sizes": (solved(Symmetric(3).natural(), Symmetric(3).natural()), Orbits, None),
    "signs and orbits that vanish": (solved(Cyclic(4).defining(), Cyclic(4).natural()), Orbits, None),
    "orbits that vanish beside plain ones": (solved(MIRROR.defining(), MIRROR.defining()), Orbits, None),
    "roots of unity": (solved(Quaternion().defining(), Quaternion().regular()), Orbits, None),
    "dense": (solved(SU(2).defining(), SU(2).defining()), Dense, None),
    "dense with forms": (solved(SKEW.defining(), SKEW.regular(), forms=True), Dense, (SKEW.defining().gram, SKEW.regular().gram)),
    "dense with a form of W": (solved(SKEW.regular(), SKEW.defining(), forms=True), Dense, (SKEW.regular().gram, SKEW.defining().gram)),
    "irreps of type R": (frame(2 * SO(3).irrep(1) + SO(3).irrep(2), SO(3).irrep(1)), Schur, None),
    "irreps of type C": (frame(Cyclic(3).natural(), 2 * Cyclic(3).natural()), Schur, None),
    "nothing": (solved(Dihedral(4).trivial(), Dihedral(4).defining()), Zero, None),
}  # fmt: skip
CASES = pytest.mark.parametrize("name", STRUCTURES)


def whole(structure):
    return Blocks(structure.shape, (Block(structure, 0, 1, 0, 1),))


def operators(structure, lead=(3,), seed=0):
    rng = np.random.default_rng(seed)
    T = rng.standard_normal((*lead, *structure.shape))
    return T + 1j * rng.standard_normal(T.shape) if structure.dtype.kind == "c" else T


def bound(structure, T):
    """Sums of at most m n terms, on both sides of a change of basis and in forms of condition at most 3."""
    return 16 * structure.shape[0] * structure.shape[1] * EPS * max(1.0, float(np.abs(T).max(initial=0)))


@CASES
def test_the_class_follows_from_the_solution(name):
    structure, cls, _ = STRUCTURES[name]
    assert type(structure) is cls


@CASES
def test_the_basis_is_orthonormal_in_its_forms(name):
    structure, _, forms = STRUCTURES[name]
    X = structure.combine(np.eye(structure.dim))
    assert X.shape == (structure.dim, *structure.shape)
    H_V, H_W = (np.eye(n) for n in structure.shape[::-1]) if forms is None else map(as_float, forms)
    gram = np.einsum("kij,lij->kl", X.conj(), H_W @ X @ np.linalg.inv(H_V))
    assert np.abs(gram - np.eye(structure.dim)).max(initial=0) <= bound(structure, X)
    assert structure.is_self_dual == (forms is None)
    c = structure.coordinates(operators(structure))
    assert c.shape == (3, structure.dim)
    again = structure.coordinates(structure.combine(c))
    assert np.abs(again - c).max(initial=0) <= bound(structure, c)


@CASES
def test_the_projector_in_place_is_the_combination_with_the_coordinates(name):
    structure = STRUCTURES[name][0]
    for T in (operators(structure), operators(structure, (), 1), operators(structure, (0,))):
        slow = structure.combine_coordinates(T)
        fast = whole(structure).project(T, xp, whole(structure).constants)
        assert fast.shape == slow.shape == T.shape
        assert np.abs(fast - slow).max(initial=0) <= bound(structure, T)
        if structure.is_strided:
            out, _ = whole(structure).project_strided(T)
            assert np.abs(out - slow).max(initial=0) <= bound(structure, T)


@pytest.mark.parametrize("name", [k for k, (s, *_) in STRUCTURES.items() if s.frame is None])
@pytest.mark.parametrize("single", [False, True])
def test_copies_beside_other_blocks(name, single):
    """Two by three copies between a zero block on the left and one below: some copies of rows at a time, or all."""
    structure = STRUCTURES[name][0]
    (m, n), zero = structure.shape, STRUCTURES["nothing"][0]
    z, y = zero.shape
    blocks = Blocks(
        (2 * m + z, y * m + 3 * n),
        (
            Block(_wide(zero, m), 0, 2, 0, y),
            Block(structure, 0, 2, y * m, 3),
            Block(_wide(zero, m, z), 2 * m, 1, 0, 1 if (y * m + 3 * n) == m else y),
            Block(_wide(zero, n, z), 2 * m, 1, y * m, 3),
        ),
    )
    T = np.random.default_rng(2).standard_normal((2, *blocks.shape)) + 0 * operators(structure, ()).sum()
    band = blocks.bands[0]
    assert (band.height, band.copies) == (m, 2)
    expected = np.zeros_like(T)
    for a in range(2):
        for b in range(3):
            place = np.s_[..., a * m : (a + 1) * m, y * m + b * n : y * m + (b + 1) * n]
            expected[place] = structure.combine_coordinates(T[place])
    if single:
        rows = [band.project(T[..., a * m : (a + 1) * m, :], 1, xp, blocks.constants) for a in range(2)]
        found = np.concatenate(rows, axis=-2)
        assert np.abs(found - expected[..., : 2 * m, :]).max() <= bound(structure, T)
        return
    found = Projection.of(blocks).project(T)
    assert np.abs(found - expected).max() <= bound(structure, T)
    assert np.abs(blocks.combine(blocks.coordinates(T)) - expected).max() <= bound(structure, T)


def _wide(zero, n, m=None):
    """A zero structure of m x n operators."""
    out = copy.copy(zero)
    out.shape = (n if m is None else m, n)
    return out


@pytest.mark.parametrize("n", [31, 32, 33, 64])
def test_orbits_at_the_length_where_numpy_adds_in_pairs(n):
    """Both ways of summing an orbit, of the diagonal and off it, against the mean that it is."""
    H = commutant(Cyclic(n).natural())
    T = np.random.default_rng(n).standard_normal(H.shape)
    P, shifts = H.project(T), np.arange(n)
    for k in (0, 1, n - 1):
        mean = T[shifts, (shifts + k) % n].mean()
        assert np.abs(P[shifts, (shifts + k) % n] - mean).max() <= n * EPS * np.abs(T).max()
    assert H.projection.bands[0].orbit_size == (n if n <= 32 else None)


def test_what_may_be_fused():
    one_size, two_sizes, signed = (STRUCTURES[k][0] for k in list(STRUCTURES)[:3])
    assert one_size.orbit_size == 4
    assert two_sizes.orbit_size is None
    assert signed.orbit_size is None
    assert all(s.errs_within for s in (one_size, two_sizes, signed))
    assert not STRUCTURES["dense"][0].errs_within


def test_means_stay_plain_whatever_the_size_of_an_orbit():
    """sqrt(s) / sqrt(s) is not 1 for s = 15, 29, 30, ...: roots of unity come from the solution, not from the normalised basis."""
    for n in (15, 29, 30):
        assert commutant(Cyclic(n).natural()).projection.bands[0].orbit_size == n


@CASES
def test_equality_and_copies(name):
    structure = STRUCTURES[name][0]
    for other in (pickle.loads(pickle.dumps(structure)), copy.deepcopy(structure)):
        assert other.key() == structure.key()
        T = operators(structure)
        assert np.array_equal(other.combine_coordinates(T), structure.combine_coordinates(T))
    keys = [s.key() for s, *_ in STRUCTURES.values()]
    assert keys.count(structure.key()) == 1


def test_exact_rows():
    for structure, _, _ in STRUCTURES.values():
        if structure.frame is not None:
            with pytest.raises(GroupRepError, match="another solver gives exact bases"):
                structure.rows()
        else:
            assert structure.rows().shape == (structure.dim, structure.shape[0] * structure.shape[1])


def test_only_strided_structures_are_written():
    dense = STRUCTURES["dense"][0]
    with pytest.raises(TypeError, match="Dense is not strided"):
        dense.write(operators(dense), operators(dense), whole(dense).blocks[0])


def test_entries_that_are_not_finite_are_seen_in_zero_blocks_too():
    """P is 0 there and reads nothing; beside it a strided block, which reads its own entries alone."""
    G = Dihedral(4)
    for H, place in (
        (Hom(G.trivial(), G.defining()), (0, 0)),
        (commutant(MIRROR.trivial() + MIRROR.defining()), (2, 0)),
    ):
        T = np.zeros(H.shape)
        T[place] = np.nan
        with pytest.raises(GroupRepError, match="T has NaN or infinite entries"):
            H.project(T)


def test_a_frame_is_self_dual_only_between_unitary_representations():
    V = Dihedral(4).natural()
    skew = V.change_basis([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 2]])
    assert [frame(*pair).is_self_dual for pair in ((V, V), (V, skew), (skew, V), (skew, skew))] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_dense_residuals_in_single_precision_keep_their_digits_near_equivariance(library):
    """Rounding of an irrational basis would be 2^-24 |T|, a twentieth of a residual of 1e-6 |T|: it is taken in double precision."""
    module = pytest.importorskip(library)
    H, rng = Hom(Dihedral(5).natural(), 2 * Dihedral(5).defining()), np.random.default_rng(0)
    assert {type(b.structure) for b in H.basis().blocks} == {Dense}
    X, E = H.project(rng.standard_normal(H.shape)), H.residual(rng.standard_normal(H.shape))
    T = (X + 1e-6 * np.linalg.norm(X) / np.linalg.norm(E) * E).astype(np.float32)
    R = H.residual(T.astype(float))
    found = np.asarray(H.residual(module.asarray(T)))
    assert found.dtype == np.float32
    assert np.linalg.norm(found - R) <= 2 * np.finfo(np.float32).eps * np.linalg.norm(R)
