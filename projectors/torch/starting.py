"""First weights that are equivariant, with the variance that ordinary ones have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, sqrt

import numpy as np
import torch
from torch import nn

from grouprep.errors import GroupRepError
from grouprep.typing import Array
from projectors.hom import Hom
from projectors.models.naming import refuse_unmatched, value_for
from projectors.models.specs import SpecLike
from projectors.torch.decay import project_
from projectors.torch.frames import irreps_of, is_signed
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.terms import Term, in_single

__all__ = ["equivariant_start_"]


@torch.no_grad()
def equivariant_start_(
    model: nn.Module,
    spec: Mapping[str, SpecLike] | EquivariancePenalty,
    *,
    generator: torch.Generator,
    gain: float | Mapping[str, float] | None = None,
) -> None:
    """Draw the weights of a model's layers anew in the equivariant subspace, in place; vectors (biases, scales) are projected.

    Each output field W_i (a copy of a summand of W, or of an irrep where these are no permutations) gets A_i = s_i P(Z)_i from
    independent normal entries Z. As E |P(Z)_i|_F^2 is r_i = dim Hom(V, W_i), and E |A_i x|^2 = |A_i|_F^2 for inputs x whose entries are
    independent with variance 1, the scale s_i^2 = v dim(V) dim(W_i) / r_i gives A_i x the mean square that a matrix of independent
    entries with variance v gives it: the layer passes on what it passed on before, field by field. v is the mean square of the layer's
    own entries as they stand, thus what its initialisation meant, or gain^2 / dim(V) (kernel pixels included; He's gain is sqrt(2)).
    Fields that no equivariant operator reaches are 0.

    Parameters
    ----------
    model : the model.
    spec : as for `EquivariancePenalty`, or a penalty of this model.
    generator : of the normal entries, on the CPU.
    gain : a number, or a mapping from layers' names or patterns to numbers; layers that match none keep their own variance.

    Raises
    ------
    GroupRepError
        If generator is none, a gain is not positive, or a term cannot be written.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import equivariant_start_
    >>> layer, V = torch.nn.Linear(3, 3), Cyclic(3).regular()
    >>> equivariant_start_(layer, {"": (V, V)}, generator=torch.Generator().manual_seed(0), gain=1.0)
    >>> bool(layer.weight[0, 0] == layer.weight[1, 1]), bool(layer.bias[0] == layer.bias[1])
    (True, True)

    References
    ----------
    He, Zhang, Ren and Sun, Delving deep into rectifiers, ICCV 2015; for coefficients of equivariant bases Weiler, Hamprecht and Storath,
    Learning steerable filters for rotation equivariant CNNs, CVPR 2018, section 3.3.
    """
    if not isinstance(generator, torch.Generator):
        raise GroupRepError(
            f"generator = {generator!r:.60}: a torch.Generator is needed, such as torch.Generator().manual_seed(0)"
        )
    pen = spec if isinstance(spec, EquivariancePenalty) else EquivariancePenalty(model, spec)
    refuse_unmatched(gain, [term.layer for term in pen.terms], "gain")
    gains = [None if gain is None else value_for(term.layer, gain, None, "gain") for term in pen.terms]
    for value in gains:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and isfinite(value) and value > 0):
            raise GroupRepError(f"gain = {value!r:.40}: a finite number > 0 is needed")
    own = [in_single(term.read()).abs().square().mean() for term in pen.terms]
    project_(model, pen)  # it refuses what cannot be written, before anything is drawn; vectors are done
    for term, mean, value in zip(pen.terms, own, gains, strict=True):
        columns = term.hom.shape[1]
        if columns > 1:
            variance = mean.double() if value is None else mean.new_tensor(value * value / columns).double()
            _draw(term, variance, generator)


def _draw(term: Term, variance: torch.Tensor, generator: torch.Generator) -> None:
    T = term.read()
    wide = torch.complex128 if T.is_complex() else torch.float64
    Z = torch.randn(T.shape, generator=generator, dtype=wide, device=generator.device)
    A = torch.from_numpy(_equivariant(term.hom, Z.cpu().numpy())).to(T.device)
    term.write((A * variance.sqrt()).to(T.dtype))


def _equivariant(hom: Hom, Z: Array) -> Array:
    """P(Z), each field of the output with the mean square that unit entries have: (dim V dim W_i / r_i)^(1/2) P(Z)_i."""
    P, frame = hom.project(Z), None if is_signed(hom) else irreps_of(hom)
    if frame is not None:  # the fields are copies of irreps
        found = dict.fromkeys((s.start for s in frame.codomain.slices), 0)
        for b in frame.diagonal:
            found[b.row.start] += b.columns_n * len(b.irrep_V.commutant)
        copies = zip(frame.codomain.irreps, frame.codomain.multiplicities, found.values(), strict=True)
        parts = [(i.dim, m, r) for i, m, r in copies]
        return np.asarray(frame.to_spatial(frame.to_spectral(P) * _scales(parts, hom.V.dim)))
    bands = hom.projection.bands
    return P * _scales(
        [(b.height, b.copies, sum(x.columns_n * x.structure.dim for x in b.blocks)) for b in bands], hom.V.dim
    )


def _scales(parts: Sequence[tuple[int, int, int]], columns: int) -> Array:
    """(dim W, 1), from (dimension, copies, r) of the fields."""
    each = [np.full(dim * copies, sqrt(columns * dim / r) if r else 0.0) for dim, copies, r in parts]
    return np.concatenate(each)[:, None]
