"""xarray: projections keep dimensions, coordinates, name and attributes, wherever the operators' dimensions stand."""

import numpy as np
import pytest

xarray = pytest.importorskip("xarray")

from grouprep import Dihedral, GroupRepError  # noqa: E402
from grouprep.errors import DimensionMismatch  # noqa: E402
from projectors import Hom  # noqa: E402
from projectors.interop.xarray import project, residual  # noqa: E402


def test_labels_are_kept():
    G = Dihedral(4)
    H = Hom(G.regular(), G.defining())
    values = np.random.default_rng(0).normal(size=(2, 3, 8, 5))
    T = xarray.DataArray(
        values,
        dims=("out", "time", "in", "run"),
        coords={"time": [10, 20, 30], "in": list("abcdefgh"), "label": ("run", list("vwxyz"))},
        attrs={"units": "N/m", "source": "probe"},
        name="stiffness",
    )
    moved = np.moveaxis(values, (0, 2), (-2, -1))
    P, R = project(H, T, "out", "in"), residual(H, T, rows="out", columns="in")
    for found, expected in ((P, H.project(moved)), (R, H.residual(moved))):
        assert np.abs(found.values - np.moveaxis(expected, (-2, -1), (0, 2))).max() < 1e-15
        assert (found.dims, found.attrs, found.name) == (T.dims, T.attrs, "stiffness")
        assert found.coords.to_dataset().identical(T.coords.to_dataset())
    assert np.abs((P + R - T).values).max() < 1e-15
    plain = xarray.DataArray(moved, dims=("time", "run", "out", "in"), attrs={"a": 1})
    assert project(H, plain).transpose(*T.dims).values.tolist() == P.values.tolist()
    assert project(H, plain).attrs == {"a": 1}
    mapped = xarray.Dataset({"T": plain}).map(lambda T: project(H, T))
    assert np.array_equal(mapped["T"].values, project(H, plain).values)
    refused = [
        (DimensionMismatch, (plain, "in", "out"), "T has 8 rows along 'in', expected 2"),
        (GroupRepError, (plain, "rows", "in"), "'rows' is no dimension of T; it has time, run, out, in"),
        (GroupRepError, (values,), "must be an xarray.DataArray"),
        (DimensionMismatch, (plain[0, 0, 0],), "operators have two"),
    ]
    for kind, arguments, words in refused:
        with pytest.raises(kind, match=words):
            project(H, *arguments)
    with pytest.raises(GroupRepError, match="name two dimensions"):
        project(Hom(G.regular(), G.regular()), xarray.DataArray(np.eye(8), dims=("a", "b")), "a", "a")
