"""One operation, three kinds of matrix: monomial, exact and float give the same numbers."""

import numpy as np
import pytest
import sympy

from grouprep import DimensionMismatch, GroupRepError, TooLarge
from grouprep.linalg import Monomial, as_exact, as_float, as_image, memory
from grouprep.linalg import matrices as mat

MONOMIAL = Monomial([1, 2, 0], [0, 1, 2], 4)
OTHER = Monomial([0, 2, 1], [1, 0, 0], 2)


def forms(m):
    return {"monomial": m, "exact": m.to_domain_matrix(), "float": m.to_numpy()}


@pytest.mark.parametrize("kind", ["monomial", "exact", "float"])
@pytest.mark.parametrize("other", ["monomial", "exact", "float"])
def test_operations_agree(kind, other):
    a, b = forms(MONOMIAL)[kind], forms(OTHER)[other]
    x, y = MONOMIAL.to_numpy(), OTHER.to_numpy()
    block = np.zeros((6, 6), dtype=complex)
    block[:3, :3], block[3:, 3:] = x, y
    assert np.array_equal(as_float(mat.matmul(a, b)), x @ y)
    assert np.array_equal(as_float(mat.kron(a, b)), np.kron(x, y))
    assert np.array_equal(as_float(mat.direct_sum(a, b)), block)
    assert np.abs(as_float(mat.inverse(a)) - x.conj().T).max() <= 4 * np.finfo(float).eps
    assert np.array_equal(as_float(mat.conjugate(a)), x.conj())
    assert np.array_equal(as_float(mat.transpose(a)), x.T)
    assert mat.equal(a, forms(MONOMIAL)[other])
    assert not mat.equal(a, b)
    assert mat.size(a) == 3
    assert mat.is_exact(a) == (kind != "float")


def test_batches_of_floats():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((4, 2, 2)), rng.standard_normal((4, 3, 3))
    assert np.array_equal(mat.kron(a, b)[2], np.kron(a[2], b[2]))
    whole = mat.direct_sum(a, b)
    assert whole.shape == (4, 5, 5)
    assert np.array_equal(whole[1, :2, :2], a[1])
    assert np.array_equal(whole[1, 2:, 2:], b[1])
    assert not whole[1, :2, 2:].any()
    one = mat.direct_sum(a, np.eye(1))
    assert one.shape == (4, 3, 3)
    assert (one[:, 2, 2] == 1).all()


@pytest.mark.parametrize("spare", [-1, 0, 1])
@pytest.mark.parametrize(
    ("a", "b", "entries"),
    [
        (np.eye(2), np.eye(3), 36),
        (np.ones((5, 2, 2)), np.eye(3), 180),
        (np.eye(2), np.ones((7, 1, 3, 3)), 252),
        (Monomial.identity(2), Monomial.identity(3), 36),
    ],
    ids=["single", "stack on the left", "stack on the right", "monomial"],
)
def test_the_memory_of_a_kronecker_product_is_predicted(monkeypatch, a, b, entries, spare):
    monkeypatch.setattr(memory, "memory_limit", lambda: 8 * entries + spare)
    if spare < 0:
        with pytest.raises(TooLarge):
            mat.kron(a, b)
    else:
        assert mat.size(mat.kron(a, b)) == 6


@pytest.mark.parametrize("error", [AttributeError, OSError, ValueError])
def test_where_the_machine_does_not_say_its_memory_four_gigabytes_are_the_limit(monkeypatch, error):
    def unknown(name):
        raise error(name)

    monkeypatch.setattr("os.sysconf", unknown)
    assert memory.memory_limit() == 4 << 30


def test_the_most_special_kind():
    assert isinstance(as_image([[0, -1], [1, 0]]), Monomial)
    assert isinstance(as_image(sympy.eye(2)), Monomial)
    assert isinstance(as_image(np.eye(2, dtype=int)), Monomial)
    assert isinstance(as_image(np.eye(2)), np.ndarray)
    assert isinstance(as_image([[1.0, 0], [0, 1]]), np.ndarray)
    assert not isinstance(as_image([["1/2", 0], [0, 2]]), Monomial | np.ndarray)
    assert as_float(as_image([["1/3"]]))[0, 0] == 1 / 3
    assert as_float(as_image([["sqrt(2)/2"]]))[0, 0] == np.sqrt(0.5)
    assert as_image(np.array([[1j]])).dtype == complex
    assert as_image(np.array([[1]], dtype=np.float32)).dtype == float


def test_refusals():
    with pytest.raises(GroupRepError, match="no exact form"):
        as_exact(np.eye(2))
    with pytest.raises(DimensionMismatch, match="A has shape"):
        as_image([[1, 2, 3]], "A")
    with pytest.raises(DimensionMismatch):
        as_image(np.zeros((2, 2, 2)))
    with pytest.raises(GroupRepError, match="finite"):
        as_image(np.array([[np.inf]]))


def test_keys():
    keys = {
        mat.matrix_key(m) for m in (MONOMIAL, OTHER, MONOMIAL.to_numpy(), OTHER.to_numpy(), MONOMIAL.to_domain_matrix())
    }
    assert len(keys) == 5
    assert mat.matrix_key(Monomial([1, 0])) == mat.matrix_key(Monomial([1, 0]))
    exact = as_image([["1/2", 0], [0, "1/2"]])
    assert mat.matrix_key(exact) == mat.matrix_key(as_image([["1/2", 0], [0, "1/2"]]))
    assert mat.matrix_key(exact) != mat.matrix_key(as_image([["1/2", 0], [0, "1/3"]]))
