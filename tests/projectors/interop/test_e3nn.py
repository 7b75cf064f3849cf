"""e3nn's linear layers as operators: equal dimensions, equal spans, equal values; dense layers under a penalty."""

import numpy as np
import pytest
from cases import cases

o3 = pytest.importorskip("e3nn.o3")
import torch  # noqa: E402

from grouprep.errors import DimensionMismatch, GroupRepError  # noqa: E402
from projectors.interop.e3nn import dense_linear, hom_of_linear, load_operator_, operator_of_linear  # noqa: E402
from projectors.torch import EquivariancePenalty  # noqa: E402

SINGLE = float(np.finfo(np.float32).eps)


def layer(*ends, **options):
    torch.manual_seed(0)
    return o3.Linear(*ends, **options)


@cases(
    "into, out",
    [
        ("4x0e+2x1o", "3x0e+5x1o"),
        ("2x1o+0e+1o+3x2e", "1x2e+1o+0o+2x0e+1o"),
        ("1x3o+2x1e", "2x3o+1x1e+3x1e"),
        ("2x0e", "1o"),
    ],
)
def test_linear_is_hom(into, out):
    linear = layer(into, out, biases=True)
    H = hom_of_linear(linear)
    assert H.dim == linear.weight_numel
    T = operator_of_linear(linear)
    x = torch.randn(6, H.shape[1])
    dense = dense_linear(linear)
    assert torch.allclose(linear(x), dense(x), atol=1e-5)
    assert torch.allclose(dense.weight, T)
    unit = []
    for k in range(linear.weight_numel):
        linear.weight.data = torch.eye(linear.weight_numel)[k]
        unit.append(operator_of_linear(linear).detach().numpy().reshape(-1))
    unit = np.array(unit, dtype=float).reshape(-1, T.numel())
    ours = H.basis().matrices.reshape(-1, T.numel())
    assert np.linalg.matrix_rank(unit) == H.dim if len(unit) else H.dim == 0
    assert np.abs(unit - unit @ ours.T @ ours).max(initial=0) <= 16 * SINGLE
    drawn = torch.randn(H.shape)
    load_operator_(linear, drawn)
    assert torch.allclose(operator_of_linear(linear), H.project(drawn), atol=1e-5)


def bias_and_gradients():
    linear = layer("2x1o+0e", "2x0e+0o+1x0e+1o", biases=True)
    with torch.no_grad():
        linear.bias.copy_(torch.tensor([1.0, 2, 3]))
    assert dense_linear(linear).bias.tolist() == [1, 2, 0, 3, 0, 0, 0]
    operator_of_linear(linear).square().sum().backward()
    # |f kron(w, I_d)|^2 = f^2 d |w|^2, and the gradient is 2 f^2 d w
    factors = [2 * p.path_weight**2 * linear.irreps_in[p.i_in].ir.dim for p in linear.instructions if p.i_in >= 0]
    views = [linear.weight_view_for_instruction(k) for k in range(len(factors))]
    expected = torch.cat([(f * w).reshape(-1) for f, w in zip(factors, views, strict=True)])
    assert torch.allclose(linear.weight.grad, expected, rtol=1e-5)


def test_penalty_on_a_network():
    """Dense layers start from e3nn's; what training adds is measured by the residual, and taken away by projection."""
    bias_and_gradients()
    refusals()
    first, second = layer("2x0e+2x1o", "3x0e+2x1o"), layer("3x0e+2x1o", "1x1o")
    net = torch.nn.Sequential(dense_linear(first), dense_linear(second))
    pen = EquivariancePenalty(net, {"0": hom_of_linear(first), "1": hom_of_linear(second)})
    assert pen().item() < 1e-5
    with torch.no_grad():
        for k in (0, 1):
            net[k].weight += torch.randn(net[k].weight.shape)
    pen().backward()
    for k, linear in enumerate((first, second)):
        H, T = hom_of_linear(linear), net[k].weight
        R = T.detach() - H.project(T.detach())
        load_operator_(linear, T)
        assert torch.allclose(operator_of_linear(linear), T.detach() - R, atol=1e-5)
        assert float(R.norm()) > 1
        cosine = (T.grad * R).sum() / (T.grad.norm() * R.norm())
        assert float(cosine) > 1 - 1e-5


def refusals():
    linear = layer("2x0e+2x1o", "1o")
    with pytest.raises(DimensionMismatch, match=r"\(3, 8\)"):
        load_operator_(linear, torch.zeros(8, 3))
    for wrong in (torch.nn.Linear(3, 3), layer("1o", "1o", internal_weights=False), layer("1o", "1o", f_in=2, f_out=3)):
        with pytest.raises(GroupRepError):
            operator_of_linear(wrong)
    double = layer("1o", "1o", instructions=[(0, 0), (0, 0)])
    with pytest.raises(GroupRepError, match="several paths"):
        load_operator_(double, torch.eye(3))
    with pytest.raises(GroupRepError):
        EquivariancePenalty(torch.nn.Sequential(linear), {"0": hom_of_linear(linear)})
