"""Norms by layer, and the rule that chooses them, beside explicit averages in numpy."""

import numpy as np
import pytest
import torch
from cases import cases
from torch import nn

from grouprep import Cyclic, Symmetric
from grouprep.errors import GroupRepError
from projectors import Hom
from projectors.penalties import Entrywise, Frobenius, Nuclear, Schatten, Spectral, penalty
from projectors.torch import EquivariancePenalty, choose_norms

C4, S3 = Cyclic(4), Symmetric(3)
DUALS = {Frobenius(): "fro", Spectral(): "nuc", Nuclear(): 2}


def averaged(T, V, W):
    """P(T), by the mean over the group."""
    return np.mean([np.array(W(g)) @ T @ np.linalg.inv(np.array(V(g))) for g in V.group.elements], axis=0)


def squares(layer):
    return lambda x, y: (layer(x) - y).square().sum(1).mean() / 2


@cases("V, W", [(C4.regular(), C4.regular() + C4.trivial()), (2 * S3.natural(), S3.regular())])
@cases("sizes, samples", [((5, 4, 7, 6), None), ((3, 8), 100)])
def test_scores_and_strengths_beside_explicit_gradients(V, W, sizes, samples):
    rng = np.random.default_rng(0)
    N = sum(sizes)
    x, y = rng.standard_normal((N, V.dim)), rng.standard_normal((N, W.dim))
    layer = nn.Linear(V.dim, W.dim).double()
    pen = EquivariancePenalty(layer, {"": (V, W)})
    before = [p.detach().clone() for p in layer.parameters()]
    batches = list(zip(torch.tensor(x).split(sizes), torch.tensor(y).split(sizes), strict=True))
    found = choose_norms(pen, squares(layer), batches, margin=3.0, samples=samples, lead=0.0)
    assert all(torch.equal(p, q) for p, q in zip(layer.parameters(), before, strict=True))

    A = averaged(before[0].numpy(), V, W)
    b = averaged(before[1].numpy()[:, None], V.group.trivial(), W)
    errors = x @ A.T + b[:, 0] - y
    first = np.concatenate([np.full(n, k % 2 == 0) for k, n in enumerate(sizes)])
    G, noise = {}, {}
    for name, each in (("weight", errors[:, :, None] * x[:, None, :]), ("bias", errors[:, :, None])):
        U = V if name == "weight" else V.group.trivial()
        each = each - np.array([averaged(g, U, W) for g in each])
        G[name] = each.mean(axis=0)
        half = each[first].mean(axis=0) - each[~first].mean(axis=0)
        noise[name] = half / np.sqrt((samples or N) * (1 / first.sum() + 1 / (~first).sum()))
    scores = {
        norm: max(np.linalg.norm(g, dual) for g in G.values()) / max(np.linalg.norm(w, dual) for w in noise.values())
        for norm, dual in DUALS.items()
    }
    for norm, score in scores.items():
        assert found.scores[""][norm] == pytest.approx(score, rel=1e-10)
    assert found.norms[""] == max(scores, key=scores.get)
    strength = 3 * max(np.linalg.norm(w, DUALS[found.norms[""]]) for w in noise.values())
    assert found.weights[""] == pytest.approx(strength, rel=1e-10)


def residual(kind, seed):
    """Of C4's 3 * regular, Frobenius norm 1: a product of vectors, or a signed permutation, both between distinct irreps."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, 3))
    if kind == "one direction":
        R = np.outer(np.kron(a, np.ones(4)), np.kron(b, [1, -1, 1, -1]))
    else:
        R = np.kron(np.linalg.qr(rng.standard_normal((3, 3)))[0], np.diag([1.0, -1.0, 1.0, -1.0]))
    return R / np.linalg.norm(R)


@cases("seed", [0, 1])
def test_the_norm_follows_the_spectrum_of_what_breaks_the_symmetry(seed):
    V = 3 * C4.regular()
    H = Hom(V, V)
    rng = np.random.default_rng(seed)
    x = torch.tensor(rng.standard_normal((400, 12)))
    layer = nn.Linear(12, 12, bias=False).double()
    pen = EquivariancePenalty(layer, {"": (V, V)})
    A = H.project(rng.standard_normal((12, 12)))
    expected = {"one direction": Nuclear(), "all alike": Spectral(), "none": Frobenius()}
    for kind, norm in expected.items():
        R = 0 * A if kind == "none" else 1.5 * residual(kind, seed)
        assert np.linalg.norm(H.project(R)) < 1e-12
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(A))
        y = x @ torch.tensor((A + R).T) + torch.tensor(rng.standard_normal((400, 12)))
        found = choose_norms(pen, squares(layer), zip(x.split(5), y.split(5), strict=True))
        score = found.scores[""][norm]
        assert found.norms[""] == norm, found
        assert 0.8 < score < 1.2 if kind == "none" else score > 1.5, found
        pen.reweight_(found.weights, norm=found.norms)
        kept = pen.report()["weight"].residual
        assert kept < 1e-12
        assert pen.terms[0].norm == norm


def test_norms_by_layer_in_values_reports_and_checkpoints():
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 5))
    V, F, W = C4.regular(), 2 * C4.regular(), C4.regular() + C4.trivial()
    spec = {"0": (V, F), "2": (F, W)}
    norms = {"2": Nuclear(), "0": Schatten(3)}
    pen = EquivariancePenalty(net, spec, norms, residual={"0": 2.0, "2": 0.5})
    expected = 0.0
    for term, scale in zip(pen.terms, (2.0, 2.0, 0.5, 0.5), strict=True):
        expected += scale * float(penalty(term.read().detach(), term.hom, norms[term.layer]))
    assert pen().item() == pytest.approx(expected, rel=1e-5)
    assert float(pen.report().total) == pytest.approx(expected, rel=1e-5)
    state = pen.state_dict()
    other = EquivariancePenalty(net, spec, dict(reversed(norms.items())), residual={"0": 2.0, "2": 0.5})
    other.load_state_dict(state)
    assert torch.equal(other(), pen())
    with pytest.raises(GroupRepError, match=r"norm was 0: Schatten.*2: Nuclear\(\), here it is 2: Nuclear"):
        EquivariancePenalty(net, spec, {"2": Nuclear()}, residual={"0": 2.0, "2": 0.5}).load_state_dict(state)
    plain = EquivariancePenalty(net, spec, residual={"0": 2.0, "2": 0.5})
    plain.reweight_({"0": 2.0, "2": 0.5}, norm=norms)
    assert plain().item() == pytest.approx(expected, rel=1e-5)
    plain.load_state_dict(state)


def test_what_has_no_dual_no_noise_or_no_layer_is_refused():
    layer = nn.Linear(4, 4)
    V = C4.regular()
    pen = EquivariancePenalty(layer, {"": (V, V)})
    x = torch.ones(6, 4)
    loss = lambda x: layer(x).square().mean()  # noqa: E731
    for options, text in (
        ({"batches": [(x,)]}, "at least two"),
        ({"among": (Entrywise(1),)}, "no norm of singular values"),
        ({"among": (Frobenius(squared=True),)}, "no norm of singular values"),
        ({"among": ()}, "empty"),
        ({"margin": -1.0}, "margin"),
        ({"samples": 0}, "samples"),
    ):
        with pytest.raises(GroupRepError, match=text):
            choose_norms(pen, loss, **{"batches": [(x,), (x,)], **options})
    still = choose_norms(pen, loss, [(x,), (x,)])  # no noise: nothing is kept out, nothing has a score
    assert still.weights == {"": 0.0}
    assert still.norms == {"": Frobenius()}
    with pytest.raises(GroupRepError, match='norm: nothing in spec is named "1"'):
        EquivariancePenalty(nn.Sequential(layer), {"0": (V, V)}, {"1": Nuclear()})
    with pytest.raises(GroupRepError, match="squared Frobenius"):
        EquivariancePenalty(layer, {"": (V, V)}, decoupled=True).reweight_(1.0, norm=Nuclear())
