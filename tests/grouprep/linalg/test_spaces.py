"""The common interface of solved spaces."""

import pickle

import numpy as np
import pytest

from grouprep.errors import GroupRepError
from grouprep.linalg import as_image
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.intertwiners import intertwiner_space

TURN, SHEAR, OMEGA = [[0, -1], [1, 0]], [[1, 1], [0, 1]], [["zeta(3)", 0], [0, 1]]


@pytest.mark.parametrize("matrix", [TURN, SHEAR, OMEGA])
def test_floats_of_an_exact_space_are_its_rows_rounded(matrix):
    space = intertwiner_space((2, 2), [(as_image(matrix), as_image(matrix))])
    assert space.is_exact
    assert space.floats().shape == (space.dim, 4)
    np.testing.assert_array_equal(space.floats(), to_numpy(space.rows()))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(space)).floats(), space.floats())


def test_a_float_space_has_orthonormal_floats_and_no_exact_rows():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    space = intertwiner_space((2, 2), [(turn, turn)])
    assert not space.is_exact
    np.testing.assert_allclose(space.floats() @ space.floats().T, np.eye(space.dim), atol=1e-15)
    with pytest.raises(GroupRepError, match="no exact form"):
        space.rows()
