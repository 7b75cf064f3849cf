"""Convolutions as operators on images: their spectral norm in the penalty, in place of that of the kernel matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, prod
from typing import Protocol

import torch
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from grouprep.errors import GroupRepError
from grouprep.typing import Namespace
from projectors.models.naming import value_for
from projectors.penalties import Frobenius, Norm, Spectral, symbol_bound, torus_norm
from projectors.torch.terms import Term

__all__ = ["ConvolutionSpectral", "NormRule", "norm_rule"]


class NormRule(Protocol):
    """What gives each term its norm."""

    @property
    def is_euclidean(self) -> bool:
        """Whether all norms are the Frobenius norm, or its square."""

    def of_blocks(self, term: Term) -> Norm:
        """The norm of a term's blocks between irreps, in reports."""

    def of(self, term: Term) -> Norm:
        """The norm of a term's operators; GroupRepError where it has none."""


@dataclass(frozen=True)
class _Everywhere:
    """One norm for all terms."""

    norm: Norm

    @property
    def is_euclidean(self) -> bool:
        return self.norm.is_euclidean

    def of_blocks(self, term: Term) -> Norm:
        return self.norm

    def of(self, term: Term) -> Norm:
        return self.norm


@dataclass(frozen=True)
class _ByLayer:
    """A rule for each layer, by its name or a pattern; the others have the Frobenius norm."""

    rules: Mapping[str, NormRule]

    @property
    def is_euclidean(self) -> bool:
        return all(rule.is_euclidean for rule in self.rules.values())

    def _rule(self, term: Term) -> NormRule:
        otherwise: NormRule = _Everywhere(Frobenius())
        return value_for(term.layer, self.rules, otherwise, "norm")

    def of_blocks(self, term: Term) -> Norm:
        return self._rule(term).of_blocks(term)

    def of(self, term: Term) -> Norm:
        return self._rule(term).of(term)


def norm_rule(norm: object) -> NormRule:
    """A norm, what stands for one, or a mapping from layers' names or patterns to these, as a rule.

    Raises
    ------
    GroupRepError
        If it is none.
    """
    if isinstance(norm, Norm):
        return _Everywhere(norm)
    if isinstance(norm, ConvolutionSpectral):
        return norm
    if isinstance(norm, Mapping):
        return _ByLayer({name: norm_rule(one) for name, one in norm.items()})
    raise GroupRepError(f"norm = {norm!r:.60} is not a norm; use Frobenius(), Spectral(), ...")


@dataclass(frozen=True)
class ConvolutionSpectral:
    """The spectral norm of each layer as the operator that it is: of a convolution on whole images, with its own padding and stride.

    `Spectral()` takes the norm of the kernel matrix, the operator on one patch; on images the norm is up to sqrt(taps) times as
    large. Zero padding, also of transposed convolutions: a rigorous upper bound for images of any size, within 2 percent an axis
    of the norm on large ones. Circular padding: exact where `size` is given, else the same bound. Other parameters: as in `Spectral()`.

    It takes singular values at each frequency, some hundred of them, of (out x in) matrices: costly for wide layers, where `every=`
    or fewer `points` help.

    Parameters
    ----------
    size : pixels of the image, an integer or one for each axis, at layers with circular padding, or a mapping from layers' names or
        patterns to them; None: not known.
    points : frequencies an axis for the bound, at least the taps; eight times the taps if not given.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import ConvolutionSpectral, EquivariancePenalty, LayerSpec
    >>> layer = torch.nn.Conv1d(1, 1, 2, bias=False)
    >>> layer.weight.data = torch.tensor([[[1.0, -1.0]]])
    >>> C2 = Cyclic(2)
    >>> spec = {"": LayerSpec(C2.trivial(), C2.trivial(), grid=C2.natural())}
    >>> pen = EquivariancePenalty(layer, spec, ConvolutionSpectral(points=64))
    >>> round(pen().item(), 3), round(float(torch.linalg.matrix_norm(layer.weight.data[0], 2)), 3)
    (2.001, 1.414)

    References
    ----------
    Sedghi, Gupta and Long, ICLR 2019 (arXiv 1805.10408); Pfister and Bresler, IEEE Trans. Signal Process. 67 (2019).
    """

    size: int | tuple[int, ...] | Mapping[str, int | tuple[int, ...]] | None = None
    points: int | None = None

    def __post_init__(self) -> None:
        sizes = self.size.values() if isinstance(self.size, Mapping) else [] if self.size is None else [self.size]
        for value in [*sizes, *([] if self.points is None else [self.points])]:
            parts = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in parts):
                raise GroupRepError(
                    f"ConvolutionSpectral: {value!r:.40} is no number of pixels or points; a positive integer is needed"
                )

    @property
    def is_euclidean(self) -> bool:
        """False."""
        return False

    def of_blocks(self, term: Term) -> Norm:
        """The spectral norm of the kernel's matrix."""
        return Spectral()

    def of(self, term: Term) -> Norm:
        """The norm of a term's operators.

        Raises
        ------
        GroupRepError
            If a convolution's padding, or its size, gives no operator whose norm is known.
        """
        module = term.module
        if not isinstance(module, _ConvNd) or term.attribute != "weight":
            return Spectral()
        if term.hom.shape[1] % prod(module.kernel_size):
            raise GroupRepError(
                f'"{term.name}": operators with {term.hom.shape[1]} columns are no kernels of {prod(module.kernel_size)} pixels'
            )
        if module.padding_mode not in ("zeros", "circular"):
            raise GroupRepError(
                f'"{term.name}": padding_mode = "{module.padding_mode}" has no symbol; ConvolutionSpectral knows "zeros" and "circular", '
                "Spectral() takes the norm of the kernel matrix"
            )
        axes, circular = len(module.kernel_size), module.padding_mode == "circular"
        size = value_for(term.layer, self.size, None, "ConvolutionSpectral: size") if circular else None
        if isinstance(size, int):
            size = (size,) * axes
        if size is not None and len(size) != axes:
            raise GroupRepError(f'"{term.name}": size = {size} has {len(size)} axes, the kernel has {axes}')
        _check_torus(term.name, module, size) if circular else None
        # zero padding with stride 1: dilation runs through the same frequencies
        expand = module.dilation if circular or max(module.stride) > 1 else (1,) * axes
        return _OfConvolution(
            tuple(module.kernel_size),
            tuple(module.stride),
            tuple(expand),
            term.layout.swapped,
            size,
            self.points,
        )


@dataclass(frozen=True)
class _OfConvolution(Norm):
    """The norm, or its bound, as one of the operators (..., dim W, dim V) that are read from a convolution's kernel.

    Groups of channels act side by side: the norm is the largest of theirs.

    taps, stride : of the kernel, dilation filled in; expand : the dilation that is.
    swapped : the operators have the kernel's first two axes exchanged (transposed convolutions, whose adjoint the kernel is).
    size : of the torus, or None for the bound; points : for the bound.
    """

    taps: tuple[int, ...]
    stride: tuple[int, ...]
    expand: tuple[int, ...]
    swapped: bool
    size: tuple[int, ...] | None
    points: int | None

    def _kernels(self, A: torch.Tensor) -> list[torch.Tensor]:
        rows, columns = A.shape[-2:]
        kernels = A.reshape(-1, rows, columns // prod(self.taps), *self.taps)
        if self.swapped:
            kernels = kernels.transpose(1, 2)
        for axis, d in enumerate(self.expand, 3):
            if d > 1:
                k = kernels.shape[axis]
                shape = (*kernels.shape[:axis], d * (k - 1) + 1, *kernels.shape[axis + 1 :])
                wide = kernels.new_zeros(shape)
                kernels = wide.index_copy(axis, torch.arange(0, shape[axis], d, device=A.device), kernels)
        return list(kernels)

    def _value(self, xp: Namespace, A: torch.Tensor) -> torch.Tensor:
        values = [
            symbol_bound(K, self.stride, self.points) if self.size is None else torus_norm(K, self.size, self.stride)
            for K in self._kernels(A)
        ]
        return torch.stack(values).amax()

    def _subgradient(self, xp: Namespace, A: torch.Tensor) -> torch.Tensor:
        with torch.enable_grad():
            X = A.detach().requires_grad_()
            (out,) = torch.autograd.grad(self._value(xp, X), X)
        return out

    def _distortion(self, m: int, n: int) -> float:
        return inf  # unitary matrices need not map kernels to kernels

    @property
    def acts_on_each(self) -> bool:
        """False: groups of channels act side by side."""
        return False

    @property
    def unitarily_invariant(self) -> bool:
        """False: unitary matrices may exchange pixels."""
        return False


def _check_torus(name: str, module: _ConvNd, size: tuple[int, ...] | None) -> None:
    """Raise unless every output reads another place of the torus."""
    assert not isinstance(module, _ConvTransposeNd)  # torch has them with zero padding alone
    for axis, (k, d, s) in enumerate(zip(module.kernel_size, module.dilation, module.stride, strict=True)):
        reach = d * (k - 1)
        padding = reach if isinstance(module.padding, str) else 2 * module.padding[axis]
        if module.padding == "valid":
            padding = 0
        if padding > reach:
            raise GroupRepError(
                f'"{name}": circular padding of {padding} pixels for {reach} that the kernel reaches over repeats outputs; pad by '
                "(kernel - 1) / 2, or use Spectral()"
            )
        if size is not None and size[axis] % s:
            raise GroupRepError(f'"{name}": stride {s} does not divide size = {size[axis]}, so it is no map of a torus')
