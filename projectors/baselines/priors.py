"""Priors on weights: residual pathways, and plain weight decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from grouprep.errors import GroupRepError
from projectors.baselines.base import Baseline
from projectors.baselines.layerwise import conv_options, replace_layers
from projectors.models.schedules import Schedule, as_schedule
from projectors.models.specs import LayerSpec, SpecLike
from projectors.torch.naming import strip_name
from projectors.torch.relaxed import RelaxedConv1d, RelaxedConv2d, RelaxedConv3d, RelaxedLinear

__all__ = ["PathwayPrior", "WeightDecay", "residual_pathways_"]

_CONVOLUTIONS = {1: RelaxedConv1d, 2: RelaxedConv2d, 3: RelaxedConv3d}


def residual_pathways_(model: nn.Module, spec: Mapping[str, SpecLike], free: float = 0.0) -> None:
    """Replace Linear and convolutional layers by `RelaxedLinear` and `RelaxedConv`: weight = P(A) + B, in place.

    Parameters
    ----------
    model : the model; spec : as for `EquivariancePenalty`.
    free : B starts as free * (T - P(T)), T being the layer's weight. A starts as P(T), scaled to the size of T.

    Raises
    ------
    GroupRepError
        If a layer has no relaxed form, is the model itself, or free is negative; or as `EquivariancePenalty`.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import residual_pathways_
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    >>> residual_pathways_(net, {"0": (Cyclic(2).natural(), Cyclic(2).natural())})
    >>> type(net[0]).__name__, bool(net[0].weight[0, 0] == net[0].weight[1, 1])
    ('RelaxedLinear', True)

    References
    ----------
    Finzi, Benton and Wilson, Residual pathway priors for soft equivariance constraints, NeurIPS 2021, section 4.
    """
    if isinstance(free, bool) or not isinstance(free, int | float) or not 0 <= free < float("inf"):
        raise GroupRepError(f"free = {free!r:.40}: a finite number >= 0 is needed")

    def make(module: nn.Linear | _ConvNd, spec: LayerSpec) -> nn.Module:
        layer: RelaxedLinear
        with torch.random.fork_rng(devices=[]):  # the first weights are drawn and thrown away
            if isinstance(module, nn.Linear):
                layer = RelaxedLinear(spec.V, spec.W, bias=module.bias is not None)
            else:
                layer = _CONVOLUTIONS[len(module.kernel_size)](spec.V, spec.W, grid=spec.grid, **conv_options(module))
        layer.to(device=module.weight.device, dtype=module.weight.dtype)
        with torch.no_grad():
            T = module.weight
            layer.equivariant_weight.copy_(layer.equivariant_of_size(T, torch.linalg.vector_norm(T)))
            layer.free_weight.copy_(free * (T - layer.equivariant(T)))
            if module.bias is not None:
                bias: torch.Tensor = module.bias
                b = layer.equivariant_vector(bias)
                for target, value in ((layer.equivariant_bias, b), (layer.free_bias, free * (bias - b))):
                    assert isinstance(target, nn.Parameter)
                    target.copy_(value)
        return layer

    replace_layers(model, spec, make)


class PathwayPrior(Baseline):
    """Minus the logarithm of the Gaussian priors of residual pathways: (a |A|^2 + b |B|^2) / 2, summed over the relaxed layers.

    a = 1 / sigma_a^2 and b = 1 / sigma_b^2 are the precisions of the equivariant and of the free parts; what matters is b > a, so
    that a free weight costs more.

    Parameters
    ----------
    model : a model with `RelaxedLinear` or `RelaxedConv` layers, such as `residual_pathways_` makes.
    equivariant, free : a and b.
    strength : as in `Baseline`.

    Raises
    ------
    GroupRepError
        If the model has no such layer, or a number is negative.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import RelaxedLinear
    >>> from projectors.baselines import PathwayPrior
    >>> V = Cyclic(4).regular()
    >>> PathwayPrior(RelaxedLinear(V, V), free=100.0)().item()
    0.0

    References
    ----------
    Finzi, Benton and Wilson, Residual pathway priors for soft equivariance constraints, NeurIPS 2021, section 4.
    """

    def __init__(
        self, model: nn.Module, equivariant: float = 0.0, free: float = 1.0, strength: float | Schedule = 1.0
    ) -> None:
        super().__init__(model, strength)
        self.equivariant, self.free = (
            as_schedule(value, name).start_value for value, name in ((equivariant, "equivariant"), (free, "free"))
        )
        self.layers = tuple((strip_name(n), m) for n, m in self.model.named_modules() if isinstance(m, RelaxedLinear))
        if not self.layers:
            raise GroupRepError(
                "model has no RelaxedLinear or RelaxedConv layer; residual_pathways_(model, spec) puts them in"
            )

    def values(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """One value a layer; a batch is not needed, and ignored."""
        return {name: layer.prior(self.equivariant, self.free) for name, layer in self.layers}


class WeightDecay(Baseline):
    """Half the sum of the squares of the parameters: plain weight decay, written into the loss.

    Parameters
    ----------
    model : any module.
    strength : as in `Baseline`.
    layers : names or fnmatch patterns of the modules whose own parameters are meant; None: all.

    Raises
    ------
    GroupRepError
        If a pattern matches no parameters.

    Examples
    --------
    >>> import torch
    >>> from projectors.baselines import WeightDecay
    >>> layer = torch.nn.Linear(2, 1, bias=False)
    >>> _ = torch.nn.init.constant_(layer.weight, 3.0)
    >>> WeightDecay(layer, 0.5)().item()
    4.5

    References
    ----------
    Krogh and Hertz, A simple weight decay can improve generalization, NeurIPS 1991, equation 2.
    """

    def __init__(self, model: nn.Module, strength: float | Schedule = 1.0, layers: Sequence[str] | None = None) -> None:
        super().__init__(model, strength)
        modules = [
            (strip_name(n), m)
            for n, m in self.model.named_modules()
            if any(p.requires_grad for p in m.parameters(recurse=False))
        ]
        for pattern in layers or ():
            if not any(fnmatchcase(name, pattern) for name, _ in modules):
                known = ", ".join(name for name, _ in modules)
                raise GroupRepError(
                    f'layers: "{pattern}" matches no module with trainable parameters; these have them: {known}'
                )
        self.layers = tuple(
            (name, module) for name, module in modules if layers is None or any(fnmatchcase(name, p) for p in layers)
        )
        if not self.layers:
            raise GroupRepError("the model has no trainable parameters to decay")

    def values(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """One value a parameter; a batch is not needed, and ignored."""
        out: dict[str, torch.Tensor] = {}
        seen: set[int] = set()
        for name, module in self.layers:
            for attribute, parameter in module.named_parameters(recurse=False):
                if parameter.requires_grad and id(parameter) not in seen:
                    seen.add(id(parameter))
                    out[f"{name}.{attribute}" if name else attribute] = parameter.abs().square().sum() / 2
        return out
