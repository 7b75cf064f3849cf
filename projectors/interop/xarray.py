"""Projections of xarray's labelled arrays, which keep dimensions, coordinates, name and attributes."""

from __future__ import annotations

from collections.abc import Callable, Hashable

try:
    import xarray
except ModuleNotFoundError as error:
    if error.name not in ("xarray", "pandas"):
        raise
    raise ModuleNotFoundError(
        "projectors.interop.xarray needs xarray: pip install 'grouprep[xarray]'", name="xarray"
    ) from None

from grouprep.errors import DimensionMismatch, GroupRepError, shown
from grouprep.typing import Array
from projectors.hom import Hom

__all__ = ["project", "residual"]


def project(H: Hom, T: xarray.DataArray, rows: Hashable = None, columns: Hashable = None) -> xarray.DataArray:
    """P(T) of a labelled array of operators: with the dimensions, coordinates, name and attributes of T.

    Parameters
    ----------
    H : the space.
    T : operators along two of its dimensions, which may stand anywhere; the others are batch.
    rows, columns : the names of the dimensions of length dim W and dim V; None: the last but one, and the last.

    Raises
    ------
    GroupRepError
        If T is no DataArray, a dimension is unknown, or both are the same.
    DimensionMismatch
        If one has another length.

    Examples
    --------
    >>> import xarray
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> T = xarray.DataArray([[1.0, 2], [4, 3]], dims=("out", "in"), attrs={"units": "m"})
    >>> P = project(commutant(Cyclic(2).natural()), T)
    >>> P.values.tolist(), P.dims, P.attrs
    ([[2.0, 3.0], [3.0, 2.0]], ('out', 'in'), {'units': 'm'})
    """
    return _applied(H, H.project, T, rows, columns)


def residual(H: Hom, T: xarray.DataArray, rows: Hashable = None, columns: Hashable = None) -> xarray.DataArray:
    """T - P(T), as `project`.

    Examples
    --------
    >>> import xarray
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> T = xarray.DataArray([[1.0, 2], [4, 3]], dims=("out", "in"))
    >>> residual(commutant(Cyclic(2).natural()), T).values.tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    return _applied(H, H.residual, T, rows, columns)


def _applied(
    H: Hom, function: Callable[[Array], Array], T: xarray.DataArray, rows: Hashable, columns: Hashable
) -> xarray.DataArray:
    if not isinstance(T, xarray.DataArray):
        raise GroupRepError(f"T must be an xarray.DataArray, got {shown(T)}; a Dataset is mapped, D.map(lambda T: ...)")
    if T.ndim < 2:
        raise DimensionMismatch(f"T has the dimensions {T.dims}; operators have two, of lengths {H.shape}")
    rows, columns = T.dims[-2] if rows is None else rows, T.dims[-1] if columns is None else columns
    for what, dim, size in (("rows", rows, H.shape[0]), ("columns", columns, H.shape[1])):
        if dim not in T.dims:
            raise GroupRepError(f"{what} = {dim!r:.40} is no dimension of T; it has {', '.join(map(str, T.dims))}")
        if T.sizes[dim] != size:
            raise DimensionMismatch(
                f"T has {T.sizes[dim]} {what} along {dim!r:.40}, expected {size}; H has operators {H.shape}"
            )
    if rows == columns:
        raise GroupRepError(f"rows and columns are both {rows!r:.40}; name two dimensions")
    core = [[rows, columns]]
    out: xarray.DataArray = xarray.apply_ufunc(
        function, T, input_core_dims=core, output_core_dims=core, keep_attrs=True
    )
    turned: xarray.DataArray = out.transpose(*T.dims)
    return turned
