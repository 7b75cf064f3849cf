"""Equivariant ridge regression: scikit-learn's checks of estimators, and the minimum that a plain least-squares problem has."""

import warnings

import numpy as np
import pytest
from cases import cases

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from grouprep import SO, Cyclic, Dihedral, GroupRepError
from grouprep.errors import DimensionMismatch
from projectors import Hom
from projectors.interop.sklearn import EquivariantRidge

G = Dihedral(3)
PAIRS = {
    "D3": (G.regular() + G.trivial(), G.regular() + G.irrep("E1")),
    "vector": (2 * SO(3).irrep(1) + SO(3).irrep(0), SO(3).irrep(1) + SO(3).irrep(0)),
    "none": (Cyclic(2).irrep("B") + Cyclic(2).irrep("B"), Cyclic(2).trivial()),
}


def data(V, W, samples):
    rng = np.random.default_rng(samples)
    X = rng.normal(size=(samples, V.dim)) + 1
    return X, X @ rng.normal(size=(V.dim, W.dim)) + rng.normal(size=(samples, W.dim)) + 2, rng.random(samples)


def by_least_squares(V, W, X, Y, w, alpha, beta, intercept):
    """The same minimum over all entries of T and b at once, and over those of equivariant maps where beta is infinite."""
    m, n = W.dim, V.dim
    P = Hom(V, W).project(np.eye(m * n).reshape(-1, m, n)).reshape(m * n, m * n).T
    Pb = Hom(V.group.trivial(), W).project(np.eye(m)[:, :, None])[:, :, 0].T
    root = np.sqrt(w)
    data_rows = np.einsum("s,sj,ik->sikj", root, X, np.eye(m)).reshape(len(X) * m, m * n)
    constant = np.einsum("s,ik->sik", root, np.eye(m)).reshape(len(X) * m, m) * intercept
    stiff = 1e7 if np.isinf(beta) else np.sqrt(beta)  # sqrt of 1e14: the constraint, to 1e-7 and better
    A = np.block(
        [
            [data_rows, constant],
            [np.sqrt(alpha) * P, np.zeros((m * n, m))],
            [stiff * (np.eye(m * n) - P), np.zeros((m * n, m))],
            [np.zeros((m, m * n)), stiff * (np.eye(m) - Pb)],
        ]
    )
    b = np.concatenate([(root[:, None] * Y).reshape(-1), np.zeros(2 * m * n + m)])
    x = np.linalg.lstsq(A, b, rcond=None)[0]
    return x[: m * n].reshape(m, n), x[m * n :] * intercept


@cases("samples", [4, 40])
@cases("alpha, beta", [(1.0, np.inf), (0.5, 3.0), (3.0, 0.5), (0.01, 1e6), (2.0, 2.0)])
@cases("name", PAIRS)
def test_minimum(name, alpha, beta, samples):
    V, W = PAIRS[name]
    X, Y, w = data(V, W, samples)
    H = Hom(V, W)
    for intercept, weights in ((True, w), (False, None)):
        model = EquivariantRidge(V, W, alpha, beta, fit_intercept=intercept).fit(X, Y, weights)
        T, b = by_least_squares(V, W, X, Y, np.ones(samples) if weights is None else w, alpha, beta, intercept)
        bound = 1e-5 if beta > 1e5 else 1e-10
        assert np.abs(model.coef_ - T).max() < bound
        assert np.abs(model.intercept_ - b).max() < bound
        assert np.abs(model.predict(X) - (X @ model.coef_.T + model.intercept_)).max() < 1e-12
        assert np.abs(H.project(model.coef_) - model.equivariant_).max() < 1e-12
        assert np.abs(model.coef_ - model.equivariant_ - model.residual_).max() < 1e-12
        if np.isinf(beta):
            assert not model.residual_.any()
        if alpha == beta and not intercept:
            assert np.abs(model.coef_ - Ridge(alpha=alpha, fit_intercept=False).fit(X, Y).coef_).max() < 1e-10


def test_it_is_an_estimator():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)  # array API inputs need an environment variable
        check_estimator(EquivariantRidge())
        check_estimator(EquivariantRidge(alpha=0.1, alpha_residual=1.0, fit_intercept=False))
    V, W = PAIRS["D3"]
    X, Y, _ = data(V, W, 60)
    model = EquivariantRidge(V, W, alpha=0.1)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.V == V
    pipeline = make_pipeline(FunctionTransformer(lambda X: 2 * X), model)
    assert np.array_equal(pipeline.fit(X, Y).predict(X), copy.fit(2 * X, Y).predict(2 * X))
    grid = {"alpha": [0.1, 10.0], "alpha_residual": [1e-3, 1.0, np.inf]}
    T = Hom(V, W).project(np.random.default_rng(3).normal(size=(W.dim, V.dim)))
    noise = np.random.default_rng(4).normal(size=Y.shape)
    search = GridSearchCV(EquivariantRidge(V, W), grid, cv=3).fit(X, X @ T.T + noise)
    assert search.best_params_ == {"alpha": 0.1, "alpha_residual": np.inf}
    flat = EquivariantRidge(V, G.trivial(), alpha_residual=2.0).fit(X, Y[:, 0])
    table = EquivariantRidge(V, G.trivial(), alpha_residual=2.0).fit(X, Y[:, :1])
    assert flat.coef_.shape == (V.dim,)
    assert np.array_equal(flat.coef_, table.coef_[0])
    assert flat.predict(X).shape == (60,)
    assert isinstance(flat.intercept_, float)
    refused = [
        (GroupRepError, {"V": V}, "W must be a Representation"),
        (GroupRepError, {"V": V, "W": 3}, "W must be a Representation"),
        (DimensionMismatch, {"V": W, "W": W}, "X has 7 columns"),
        (GroupRepError, {"V": V, "W": W, "alpha": -1}, "alpha must be a number >= 0"),
        (GroupRepError, {"V": V, "W": W, "alpha_residual": 0}, "alpha_residual > 0"),
        (GroupRepError, {"V": V, "W": W, "alpha": np.inf}, "must be finite"),
        (GroupRepError, {"V": V, "W": W.change_basis(np.eye(W.dim) + np.eye(W.dim, k=1))}, "orthogonal"),
    ]
    for kind, parameters, words in refused:
        with pytest.raises(kind, match=words):
            EquivariantRidge(**parameters).fit(X, Y)
