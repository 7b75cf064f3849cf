"""Bugs of other projects, each as a test of ours: what they get wrong must be right here."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import grouprep
from grouprep import SO, Dihedral, FiniteGroup, LieGroup, Representation, Symmetric, load_group
from grouprep.linalg import as_float, intertwiners
from projectors import Hom, commutant

EPS = np.finfo(float).eps


def residual(H):
    """The largest ||rho_W X - X rho_V|| / ||X|| over generators and basis elements."""
    worst = 0.0
    for generator in H.V.images:
        a, b = as_float(H.V.images[generator]), as_float(H.W.images[generator])
        for X in H.basis().matrices:
            worst = max(worst, np.linalg.norm(b @ X - X @ a) / np.linalg.norm(X))
    return worst


def test_two_embeddings_of_so2_do_not_collide():
    """Equality by what groups are, never by how they print (emlp compares by repr)."""
    slow, fast = [[0, -1], [1, 0]], [[0, -2], [2, 0]]
    zero = [[0, 0], [0, 0]]

    def embedding(first, second):
        blocks = np.block([[np.array(first), np.array(zero)], [np.array(zero), np.array(second)]])
        return LieGroup.from_algebra([blocks.tolist()], name="SO(2)")

    G, K = embedding(slow, fast), embedding(slow, slow)
    assert str(G) == str(K)
    assert G != K
    assert len({G, K}) == 2
    H, J = commutant(G.defining()), commutant(K.defining())
    assert H != J
    assert (H.dim, J.dim) == (4, 8)
    assert max(residual(H), residual(J)) <= 16 * EPS


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e6, 1e12])
def test_ranks_do_not_depend_on_the_scale_of_the_generators(scale):
    """emlp's threshold is absolute: generators of SO(3) times 1e-6 give it a commutant of dimension 9."""
    algebra = [
        scale * np.array(A)
        for A in (
            [[0, -1, 0], [1, 0, 0], [0, 0, 0]],
            [[0, 0, -1], [0, 0, 0], [1, 0, 0]],
            [[0, 0, 0], [0, 0, -1], [0, 1, 0]],
        )
    ]
    G = LieGroup.from_algebra(algebra, name="scaled")
    V = G.defining()
    assert commutant(V).dim == 1
    # On rank 2: trace, antisymmetric and traceless symmetric part.
    H = commutant(V**2)
    assert len(H.basis()) == 3


def test_generators_of_very_different_scales():
    A, B = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]]), np.array([[0.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    G = LieGroup.from_algebra([1e-6 * A, 1e6 * B], name="mixed")
    assert commutant(G.defining()).dim == 1


def test_rubiks_cube_has_its_order_and_nine_intertwiners():
    """emlp's RubiksCube generates a group of order 24!^2 / 2, with a commutant of dimension 6."""
    G = load_group(Path(grouprep.__file__).parent / "groups" / "data" / "rubik.toml")
    assert G.order == 43_252_003_274_489_856_000
    H = commutant(G.natural())
    assert H.dim == 9
    assert residual(H) <= 48 * EPS


def test_complex_constraints_have_complex_solutions():
    """The constraint [1, i] on two unknowns: emlp's iterative solver starts from a real vector and finds nothing."""
    # X (1 x 2) with X A = 0 for A = [[1, 0], [i, 0]]: X is a multiple of [-i, 1].
    found = intertwiners([[[1, 0], ["I", 0]]], [[[0]]])
    assert len(found) == 1
    x = np.array(found[0].tolist(), dtype=complex).ravel()
    assert abs(x[0] + 1j * x[1]) <= EPS
    assert np.linalg.norm(x) > 0
    floats = intertwiners([np.array([[1, 0], [1j, 0]])], [np.zeros((1, 1), dtype=complex)])
    assert len(floats) == 1
    y = floats[0].ravel()
    assert abs(y[0] + 1j * y[1]) <= 4 * EPS
    assert abs(np.linalg.norm(y) - 1) <= 4 * EPS


def test_a_rotation_and_a_phase_meet_in_a_complex_vector():
    C4 = grouprep.Cyclic(4)
    phase = Representation(C4, images=[[["I"]]])
    H = Hom(phase, C4.defining())
    assert H.dim == 1
    x = H.basis().matrices[0].ravel()
    # r x = i x for the rotation r = [[0, -1], [1, 0]]: x is proportional to (1, -i).
    assert abs(x[1] + 1j * x[0]) <= 4 * EPS
    assert np.iscomplexobj(x)


@pytest.mark.parametrize(
    ("H", "dim"),
    [
        (commutant(SO(3).defining() ** 2), 3),
        (Hom(SO(3).defining() ** 3, SO(3).defining() ** 2), 6),
        (commutant(Symmetric(4).natural() ** 2), 15),
        (commutant(Dihedral(5).defining() ** 2), 3),
        (commutant(grouprep.Lorentz().defining() ** 2, inner="euclidean"), 3),
    ],
    ids=["SO3-T2", "SO3-T3-T2", "S4-T2", "D5-T2", "O13-T2"],
)
def test_residuals_are_rounding_alone(H, dim):
    """emlp's iterative residuals stay at 1e-6 even in double precision; ours are at most 1e-14."""
    assert len(H.basis()) == dim
    assert residual(H) <= 1e-14


def test_fields_are_no_larger_than_needed():
    """The octahedral group and S5 have rational forms; GAP's programs give Q(zeta_3) and Q(zeta_15)."""
    turns = [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]]
    octahedral = FiniteGroup.from_matrices(turns, name="O")
    for H in (
        commutant(octahedral.defining() ** 2),
        commutant(Symmetric(5).natural() ** 2),
        commutant(Symmetric(5).regular()),
    ):
        assert H.exact_basis().domain.is_ZZ or H.exact_basis().domain.is_QQ
    golden = commutant(Dihedral(5).defining()).exact_basis().domain
    assert golden.is_ZZ or golden.is_QQ or golden.mod.degree() <= 4
    # The commutant of the rotations of a pentagon is spanned by 1 and the quarter turn: rational again.
    from grouprep.linalg.fields import canonical_domain

    turns = commutant(grouprep.Cyclic(5).defining()).exact_basis()
    assert {x for m in turns for x in m} <= {-1, 0, 1}
    assert canonical_domain(turns.domain) is not None


def test_blocks_of_a_layer_are_shared():
    """A dense basis of Hom(c V, c W) grows with c^4; ours holds one block, whatever c is."""
    V = Dihedral(4).regular()

    def peak(c):
        H = commutant(c * V)
        assert H.dim == c * c * 8
        tracemalloc.start()
        basis = H.basis()
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(basis) == c * c * 8
        assert len({id(b.structure) for b in basis.blocks}) == 1
        return top

    peak(2)  # imports and caches
    small, large = peak(3), peak(48)
    # The 48 x 48 copies would take (48 / 3)^4 = 65,536 times the memory of 3 x 3 copies if they were written out.
    assert large <= 2 * small + 50_000


def test_projection_costs_memory_in_proportion_to_the_operator():
    V = Dihedral(4).regular()
    H = Hom(32 * V, 32 * V)
    T = np.random.default_rng(0).standard_normal(H.shape)
    H.project(T)
    tracemalloc.start()
    H.project(T)
    _, top = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert top <= 20 * T.nbytes


def test_a_zero_basis_explains_itself():
    """What users of other projects ask for: why is my basis zero?"""
    G = Dihedral(4)
    text = Hom(G.trivial(), G.defining()).explain()
    assert "dimension 0" in text
    assert "eigenvalues" in text
    assert "none in common" in text


@pytest.mark.slow
def test_same_input_same_basis_in_a_fresh_process():
    import subprocess
    import sys

    code = (
        "import hashlib, grouprep\n"
        "from projectors import Hom, commutant\n"
        "G, K = grouprep.Dihedral(5), grouprep.SU(2)\n"
        "V = grouprep.FiniteGroup.from_matrices([[[0, -1], [1, -1]], [[0, 1], [1, 0]]]).defining()\n"
        "homs = [commutant(G.defining() ** 2), commutant(K.defining() ** 2), commutant(V ** 2), commutant(V.unitary()[0])]\n"
        "print(hashlib.sha256(b''.join(H.basis().matrices.tobytes() for H in homs)).hexdigest(), end=' ')\n"
        "print([str(H.exact_basis()[0]) for H in homs[:3]])\n"
    )
    root = Path(grouprep.__file__).resolve().parent.parent
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={"PYTHONHASHSEED": seed, "PATH": "", "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True, text=True, check=True, timeout=120,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1
