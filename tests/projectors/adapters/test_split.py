"""SplitAdamW beside explicit matrices in numpy, proximal steps, equivariant starts, parts of tensors, lambda from evidence."""

import copy

import numpy as np
import pytest
import torch
from cases import cases
from torch import nn

from grouprep import SO, Dihedral, Symmetric
from grouprep.errors import DimensionMismatch, GroupRepError
from projectors import Hom, decompose
from projectors.penalties import Frobenius, Mixed, Nuclear, Spectral
from projectors.torch import (
    AttentionSpec,
    EquivariancePenalty,
    LayerSpec,
    Linear,
    SplitAdamW,
    TargetShare,
    equivariant_start_,
    evidence_weights,
    prox_,
)

D4, S4 = Dihedral(4), Symmetric(4)
EPS = np.finfo(float).eps
SPIN = SO(3).irrep(1) + 2 * SO(3).irrep(2) + 2 * SO(3).trivial()
TWIN = S4.irreps()[-1] + S4.irreps()[2] + 2 * S4.trivial()
# permutations, permutations with signs, and two whose representations are none
SPACES = {
    "permutations": (2 * D4.regular(), D4.regular() + 3 * D4.trivial()),
    "signs": (D4.regular() + D4.defining(), 2 * D4.defining() + D4.natural()),
    "irreps of S4": (TWIN * S4.irreps()[2], TWIN + S4.natural()),
    "spins": (SPIN, SO(3).irrep(1) * SO(3).defining()),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def network(V, W, seed=0, dtype=torch.float64):
    """Two layers V -> W -> V, and one that no specification names."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(V.dim, W.dim), nn.Tanh(), nn.Linear(W.dim, V.dim), nn.Linear(V.dim, 3)).to(dtype)
    return net, {"0": (V, W), "2": (W, V)}


def gradients(net, seed):
    """Something to descend along, with parts of all sizes."""
    rng = np.random.default_rng(seed)
    for p in net.parameters():
        p.grad = torch.as_tensor(rng.standard_normal(p.shape) * rng.random(p.shape) ** 2).to(p.dtype)


def train(net, optimizer, steps, first=0):
    for k in range(steps):
        gradients(net, first + k)
        optimizer.step()
    return [p.detach().clone() for p in net.parameters()]


def residuals(pen):
    return [float(torch.linalg.vector_norm(t.space.residual(t.read().detach()))) for t in pen.terms]


class Slow:
    """The steps of one weight by explicit matrices: P on vectors of n entries, bases of irreps as Kronecker products."""

    def __init__(self, V, W):
        H, n = Hom(V, W), V.dim * W.dim
        self.P = np.stack([H.project(e.reshape(W.dim, V.dim)).ravel() for e in np.eye(n)], 1)
        self.Q, self.factor = np.eye(n), np.ones((W.dim, V.dim))
        monomial = all(np.all(np.isin(X(g), (-1, 0, 1))) for X in (V, W) for g in _elements(X))
        if not monomial:
            A, B = decompose(V), decompose(W)
            self.Q = np.kron(B.change_of_basis.T, A.change_of_basis.T)
            inside = np.abs(self.Q @ self.P @ self.Q.T).max(1) > 1e-9  # what P does not leave zero
            row = 0
            self.factor = np.zeros((W.dim, V.dim))
            for irrep, m in zip(B.irreps, B.multiplicities, strict=True):
                for _ in range(m):
                    count = inside.reshape(W.dim, V.dim)[row : row + irrep.dim].sum()
                    self.factor[row : row + irrep.dim] = np.sqrt(irrep.dim * V.dim / count) if count else 0
                    row += irrep.dim
        self.m, self.v, self.t = np.zeros((2, n)), np.zeros((2, n)), 0

    def step(self, T, g, lr, shrink, ratio, decay=0.0, b1=0.9, b2=0.999, eps=1e-8):
        self.t += 1
        parts = [self.Q @ self.P @ g.ravel(), self.Q @ (g.ravel() - self.P @ g.ravel())]
        steps = []
        for k, x in enumerate(parts):
            self.m[k] = b1 * self.m[k] + (1 - b1) * x
            self.v[k] = b2 * self.v[k] + (1 - b2) * x * x
            steps.append(self.m[k] / (1 - b1**self.t) / (np.sqrt(self.v[k] / (1 - b2**self.t)) + eps))
        A, R = self.P @ T.ravel(), T.ravel() - self.P @ T.ravel()
        d = self.Q.T @ steps[1]
        A = (1 - lr * decay) * A - lr * self.Q.T @ (self.factor.ravel() * steps[0])
        R = (1 - lr * decay) * R - ratio * lr * (d - self.P @ d)
        return (A + max(0, 1 - lr * shrink) * R).reshape(T.shape)


def _elements(V):
    G = V.group
    return G.sample(4, np.random.default_rng(0)) if not G.is_finite else list(G.elements)[:8]


@cases("kind", list(SPACES))
def test_steps_are_those_of_explicit_matrices(kind):
    V, W = SPACES[kind]
    net, spec = network(V, W)
    pen = EquivariancePenalty(net, spec, residual=Linear(20.0, 5.0, 4), decoupled=True)
    groups = [{"params": net[:2].parameters()}, {"params": net[2:].parameters(), "lr": 2e-2, "weight_decay": 0.3}]
    optimizer = SplitAdamW(groups, pen, lr=1e-2)
    one = V.group.trivial()
    slow = {
        n: Slow(*pair)
        for n, pair in {"0.weight": (V, W), "0.bias": (one, W), "2.weight": (W, V), "2.bias": (one, V)}.items()
    }
    weights = {n: p.detach().numpy().copy() for n, p in net.named_parameters()}
    rest = [nn.Parameter(p.detach().clone()) for p in net[3].parameters()]
    reference = torch.optim.AdamW(rest, lr=2e-2, weight_decay=0.3, fused=True)
    for k in range(6):
        gradients(net, k)
        for p, q in zip(net[3].parameters(), rest, strict=True):
            q.grad = p.grad.clone()
        for name, s in slow.items():
            lr, decay = (1e-2, 0.0) if name.startswith("0") else (2e-2, 0.3)
            g = net.get_parameter(name).grad.numpy()
            weights[name] = s.step(weights[name], g, lr, 20 - 15 * min(k / 4, 1), 0.1, decay)
        optimizer.step()
        reference.step()
    for name in slow:
        T = net.get_parameter(name).detach().numpy()
        # rounding of g - P(g) where it is zero is divided by Adam's eps: n u |g| lr / eps at the most in each of the steps
        assert np.abs(T - weights[name]).max() < 6 * 2e-2 * T.size * EPS / 1e-8, name
    for p, q in zip(net[3].parameters(), rest, strict=True):
        assert torch.equal(p, q)


@cases("kind", list(SPACES))
@cases("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_the_equivariant_part_stays_equivariant(kind, dtype):
    net, spec = network(*SPACES[kind], seed=1, dtype=dtype)
    pen = EquivariancePenalty(net, spec, residual=0.0, decoupled=True)
    equivariant_start_(net, pen, generator=generator(1))
    before = [float(t.read().detach().norm()) for t in pen.terms]
    train(net, SplitAdamW(net.parameters(), pen, lr=1e-2, residual_lr=0.0), 12)
    eps = torch.finfo(dtype).eps
    for term, size, left in zip(pen.terms, before, residuals(pen), strict=True):
        moved = 0.12 * term.hom.shape[0] ** 0.5 * term.hom.shape[1] ** 0.5
        assert left <= 12 * eps * sum(term.hom.shape) * (size + moved), term.name
    lost = EquivariancePenalty(net, spec)
    train(net, torch.optim.Adam(net.parameters(), lr=1e-2), 3)
    assert max(residuals(lost)) > 1e-2  # which Adam does not do


def test_steps_of_the_equivariant_part_are_as_long_as_those_of_a_weight_of_its_own():
    V, W = 4 * D4.regular(), 6 * D4.regular()
    n, lr = V.dim * W.dim, 1e-3

    def speed(make):
        net, spec = network(V, W, 3)
        pen = EquivariancePenalty(net, spec, residual=0.0, decoupled=True)
        optimizer, out = make(net, pen), []
        x, y = (torch.randn(64, k, generator=generator(k), dtype=torch.float64) for k in (V.dim, 3))
        for _ in range(40):
            before = net[0].weight.detach().clone()
            optimizer.zero_grad()
            (net(x) - y).square().mean().backward()
            optimizer.step()
            step = pen.split("0.weight", net[0].weight.detach() - before)[0]
            out.append(float(step.norm()) / (lr * n**0.5))
        return out

    entrywise = speed(lambda net, pen: torch.optim.Adam(net.parameters(), lr))
    split = speed(lambda net, pen: SplitAdamW(net.parameters(), pen, lr))
    assert abs(split[0] - 1) < 1e-3  # eps beside the gradient
    assert np.mean(entrywise) < 0.6 * np.mean(split)


def test_training_resumes_bit_for_bit():
    for norm, decoupled in ((None, True), (Frobenius(), False)):
        for dtype in (torch.float32, torch.bfloat16):
            runs = []
            for stop in (None, 3):
                net, spec = network(*SPACES["irreps of S4"], 2, dtype)
                schedule = {"0": Linear(20.0, 0.0, 8), "2": TargetShare(0.1, 5.0)}
                pen = EquivariancePenalty(net, spec, norm, residual=schedule, decoupled=decoupled)
                optimizer = SplitAdamW(net.parameters(), pen, lr=1e-2, weight_decay=0.1)
                if stop:
                    train(net, optimizer, stop)
                    saved = copy.deepcopy((net.state_dict(), optimizer.state_dict()))
                    net, spec = network(*SPACES["irreps of S4"], 9, dtype)
                    pen = EquivariancePenalty(net, spec, norm, residual=schedule, decoupled=decoupled)
                    optimizer = SplitAdamW(net.parameters(), pen, lr=1.0)
                    net.load_state_dict(saved[0])
                    optimizer.load_state_dict(saved[1])
                runs.append(
                    (train(net, optimizer, 6 - (stop or 0), stop or 0), pen.steps, [t.weights for t in pen.terms])
                )
            assert all(map(torch.equal, runs[0][0], runs[1][0]))
            assert runs[0][1:] == runs[1][1:]


def test_every_layout_moves_and_lands():
    """Convolutions, transposed and grouped ones, attention with its packed weight: one step leaves an equivariant weight equivariant."""
    F, one = D4.regular(), D4.trivial()
    torch.manual_seed(0)
    net = nn.ModuleDict(
        {
            "conv": nn.Conv2d(8, 16, 3),
            "back": nn.ConvTranspose2d(16, 8, 3),
            "grouped": nn.Conv2d(16, 16, 3, groups=2),
            "table": nn.Embedding(8, 16),
            "attention": nn.MultiheadAttention(16, 2),
            "norm": nn.BatchNorm2d(16),
        }
    )
    spec = {
        "conv": (F, 2 * F),
        "back": (2 * F, F),
        "grouped": (2 * F, 2 * F),
        "table": (F, 2 * F),
        "attention": AttentionSpec(2 * F, head=F),
        "norm": (2 * F, 2 * F),
    }
    pen = EquivariancePenalty(net, spec, residual=3.0, equivariant=2.0, decoupled=True)
    equivariant_start_(net, pen, generator=generator())
    start = [p.detach().clone() for p in net.parameters()]
    sizes = [float(t.read().detach().norm()) for t in pen.terms]
    optimizer = SplitAdamW(net.parameters(), pen, lr=1e-2, residual_lr=0.0)
    end = train(net, optimizer, 2)
    assert all(not torch.equal(a, b) for a, b in zip(start, end, strict=True))
    assert all(r <= 1e-5 * (1 + s) for r, s in zip(residuals(pen), sizes, strict=True))
    still = EquivariancePenalty(
        nn.Sequential(nn.Conv2d(1, 8, 3)), {"0": LayerSpec(one, F, grid=9 * one)}, decoupled=True
    )
    train(still.model, SplitAdamW(still.model.parameters(), still, lr=1e-2), 1)


@cases("kind", ["permutations", "spins"])
@cases("norm", [None, Frobenius()], ids=str)
def test_a_step_waits_for_no_device(kind, norm):
    """On torch's meta device, where a constant left elsewhere and a number asked for are errors; a learning rate may be a tensor."""
    with torch.device("meta"):
        net, spec = network(*SPACES[kind], dtype=torch.float32)
    pen = EquivariancePenalty(net, spec, norm, residual=Linear(2.0, 0.0, 3), equivariant=0.1, decoupled=norm is None)
    optimizer = SplitAdamW(net.parameters(), pen, lr=1e-2, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.ones(3, SPACES[kind][0].dim, device="meta")).square().mean().backward()
        optimizer.step()
    assert pen.steps == 2
    if norm is None:
        runs = []
        for lr in (1e-2, torch.tensor(1e-2, dtype=torch.float64)):
            net, spec = network(*SPACES[kind])
            pen = EquivariancePenalty(net, spec, residual={"0": 3.0, "2": 200.0}, decoupled=True)
            runs.append(train(net, SplitAdamW(net.parameters(), pen, lr=lr), 3))
            assert residuals(pen)[2] < 1e-12  # lr lambda above 1 leaves nothing
        assert all(torch.allclose(a, b, rtol=0, atol=1e-9) for a, b in zip(*runs, strict=True))


def test_what_cannot_be_moved_is_refused():
    V = D4.regular()
    net = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    pen = EquivariancePenalty(net, {"0": (V, V)}, decoupled=True)
    with pytest.raises(GroupRepError, match=r'"0.weight" is penalised, but none of the parameters'):
        SplitAdamW(net[1].parameters(), pen)
    with pytest.raises(GroupRepError, match="pen must be an EquivariancePenalty"):
        SplitAdamW(net.parameters(), {"0": (V, V)})
    for wrong in ({"lr": -1.0}, {"residual_lr": float("nan")}, {"betas": (0.9, 1.0)}, {"eps": -1e-8}):
        with pytest.raises(GroupRepError, match=next(iter(wrong))):
            SplitAdamW(net.parameters(), pen, **wrong)
    with pytest.raises(GroupRepError, match="no proximal step"):
        SplitAdamW(net.parameters(), EquivariancePenalty(net, {"0": (V, V)}, Spectral()))
    with pytest.raises(GroupRepError, match="over = 'columns'"):
        prox_(EquivariancePenalty(net, {"0": (V, V)}), 0.1, over="columns")
    with pytest.raises(GroupRepError, match="is for the norm Frobenius"):
        prox_(EquivariancePenalty(net, {"0": (V, V)}, Nuclear()), 0.1, over="rows")
    with pytest.raises(GroupRepError, match="state_dict is not that of a SplitAdamW"):
        SplitAdamW(net.parameters(), pen).load_state_dict(torch.optim.AdamW(net.parameters()).state_dict())
    nn.utils.parametrizations.weight_norm(net[1])
    with pytest.raises(GroupRepError, match="parametrised"):
        SplitAdamW(net.parameters(), EquivariancePenalty(net, {"1": (V, V)}, decoupled=True))
    attention = nn.MultiheadAttention(16, 2)
    form = EquivariancePenalty(attention, {"": AttentionSpec(2 * V, head=V, form=True)}, decoupled=True)
    with pytest.raises(GroupRepError, match="product of two weights"):
        SplitAdamW(attention.parameters(), form)


# Proximal steps


@cases("kind", ["permutations", "irreps of S4", "spins"])
@cases(
    "norm, over",
    [(Frobenius(), o) for o in ("operators", "rows", "blocks")]
    + [(Frobenius(squared=True), "operators"), (Nuclear(), "operators")],
    ids=str,
)
def test_a_proximal_step_is_the_minimiser(kind, norm, over):
    """Its objective is below that of other residuals near it, what it does is convex, and P(T) stays."""
    net, spec = network(*SPACES[kind], 4)
    pen = EquivariancePenalty(net, {"0": spec["0"]}, norm, residual=0.7)
    term = pen.terms[0]
    old = term.read().detach().clone()
    prox_(pen, 0.5, over)
    new = term.read().detach()
    P, R, X = term.space.project(old), term.space.residual(old), term.space.residual(new)
    scale = EPS * sum(term.hom.shape) * float(old.norm())
    assert float((term.space.project(new) - P).norm()) < 100 * scale

    def size(Y):
        if over == "operators":
            return float(norm.value(Y))
        W, V = term.hom.W, term.hom.V
        frame = term.space.projection.frame
        if frame is None:
            rows, columns = ([(8, 1), *[(1, 1)] * 3], [(8, 2)]) if kind == "permutations" else (None, None)
            if rows is None:
                rows, columns = _sizes(W), _sizes(V)
        else:
            Y = frame.to_spectral(Y)
            rows, columns = (
                list(zip([i.dim for i in b.irreps], b.multiplicities)) for b in (frame.codomain, frame.domain)
            )
        tall = [d for d, m in rows for _ in range(m)]
        wide = [d for d, m in columns for _ in range(m)] if over == "blocks" else [Y.shape[1]]
        return sum(float(c.norm()) for part in Y.split(tall, 0) for c in part.split(wide, 1))

    def objective(Y):
        return float((Y - R).square().sum()) / 2 + 0.35 * size(Y)

    best = objective(X)
    assert best < objective(R)
    for seed in range(6):
        D = term.space.residual(torch.randn(old.shape, generator=generator(seed), dtype=old.dtype))
        for h in (1e-2, -1e-3, 1e-4):
            # the nuclear norm's iteration ends within rounding of the two constraints, not of the minimum
            assert objective(X + h * D) > best - (1e-9 if isinstance(norm, Nuclear) else 100 * scale)


def _sizes(V):
    from projectors.structure import summands

    return [(s.representation.dim, s.count) for s in summands(V)]


def test_small_residuals_become_exactly_zero():
    V, W = 3 * D4.regular(), 2 * D4.regular()
    for over, part in (("operators", ...), ("rows", slice(8, 16)), ("blocks", (slice(0, 8), slice(8, 16)))):
        torch.manual_seed(0)
        net = nn.Linear(24, 16, bias=False, dtype=torch.float64)
        pen = EquivariancePenalty(net, {"": (V, W)}, Frobenius(), residual=0.01)
        with torch.no_grad():
            P, R = pen.split("weight", net.weight.detach())
            R[part] *= 1e-3
            net.weight.copy_(P + R)
        P = pen.split("weight", net.weight.detach())[0]
        prox_(pen, 1.0, over)
        assert torch.equal(net.weight[part], P[part])  # P(T) + 0, bit for bit
        left = pen.split("weight", net.weight.detach())[1]
        assert over == "operators" or float(left.norm()) > 0.1
    net = nn.Linear(24, 16)
    pen = EquivariancePenalty(net, {"": (V, W)}, Frobenius(), residual=50.0)
    optimizer = SplitAdamW(net.parameters(), pen, lr=1e-2, over="rows")
    train(net, optimizer, 60)
    assert max(residuals(pen)) < 1e-5


# Starts, parts


@cases(
    "V, W",
    [
        (D4.regular() + D4.defining(), D4.natural() + D4.regular() + D4.trivial()),
        (TWIN, S4.irreps()[2] + S4.irreps()[-1]),
        (SPIN, SO(3).irrep(1) * SO(3).defining() + SO(3).trivial()),
    ],
    ids=str,
)
def test_an_equivariant_start_passes_on_what_the_layer_did(V, W):
    """E |A_i x|^2 of each field is v dim(V) dim(W_i): of copies of W, within five deviations of their mean; fields not reached are 0."""
    copies, gain = 100, 2.0
    layer = nn.Linear(V.dim, copies * W.dim, dtype=torch.float64)
    own, bias = float(layer.weight.detach().square().mean()), layer.bias.detach().clone()
    pen = EquivariancePenalty(layer, {"": (V, copies * W)})
    D = decompose(W)
    U = torch.tensor(D.change_of_basis)
    permuting = all(np.isin(X(g), (0, 1, -1)).all() for X in (V, W) for g in _elements(X))
    for seed, variance in ((0, gain**2 / V.dim), (1, own)):
        equivariant_start_(layer, pen, generator=generator(seed), gain=gain if seed == 0 else None)
        A = layer.weight.detach()
        assert max(residuals(pen)) < 1e-13 * float(A.norm())
        assert torch.allclose(layer.bias.detach(), pen.split("bias", bias)[0], atol=1e-15)
        fields = A.reshape(copies, W.dim, V.dim)
        sizes = _sizes(W) if permuting else list(zip([i.dim for i in D.irreps], D.multiplicities, strict=True))
        reached = [True] * len(sizes) if permuting else [i in decompose(V).irreps for i in D.irreps]
        parts = (fields if permuting else U.T @ fields).split([d * m for d, m in sizes], 1)
        for part, (d, m), is_reached in zip(parts, sizes, reached, strict=True):
            squares = part.square().sum((1, 2))
            expected = variance * V.dim * d * m * is_reached
            assert abs(squares.mean() - expected) <= 5 * squares.std() / copies**0.5 + 1e-20
        again = layer.weight.detach().clone()
        equivariant_start_(layer, pen, generator=generator(seed), gain=gain if seed == 0 else None)
        assert seed or torch.equal(again, layer.weight)
        with torch.no_grad():
            layer.weight.uniform_(-((3 * own) ** 0.5), (3 * own) ** 0.5, generator=generator(5))
            own = float(layer.weight.square().mean())
            layer.bias.copy_(bias)
    for wrong in ({"generator": 3}, {"generator": generator(), "gain": -1.0}):
        with pytest.raises(GroupRepError, match=list(wrong)[-1]):
            equivariant_start_(layer, {"": (V, copies * W)}, **wrong)


def test_tensors_are_split_as_parameters_are_arranged():
    F = D4.regular()
    net = nn.ModuleDict({"conv": nn.ConvTranspose2d(16, 8, 3), "attention": nn.MultiheadAttention(16, 2)})
    pen = EquivariancePenalty(net, {"conv": (2 * F, F), "attention": AttentionSpec(2 * F, head=F)})
    for name, path in (("conv.weight", "conv.weight"), ("attention.in_proj_weight[k]", "attention.in_proj_weight")):
        weight = net.get_parameter(path)
        x = torch.randn(weight.shape, generator=generator(), requires_grad=True)
        P, R = pen.split(name, x)
        rows = x[16:32] if "[k]" in name else x
        assert P.shape == rows.shape
        assert torch.allclose(P + R, rows, atol=1e-6)
        again, rest = pen.split(name, P.detach())
        assert torch.allclose(again, P, atol=1e-6)
        assert rest.norm() < 1e-5
        R.square().sum().backward()
        assert torch.allclose(x.grad[16:32] if "[k]" in name else x.grad, 2 * R, atol=1e-5)
    with pytest.raises(GroupRepError, match=r'did you mean "conv.weight"'):
        pen.split("conv.weigth", torch.zeros(1))
    with pytest.raises(DimensionMismatch, match="has shape"):
        pen.split("conv.weight", torch.zeros(3))


# Evidence


def test_evidence_finds_the_precision_of_a_known_residual():
    """y = (A + R) x + noise in two layers beside each other: R normal with variance 1/alpha in one, 0 in the other."""
    V = 3 * D4.regular()
    H, sigma, N = Hom(V, V), 0.3, 3000
    rng = np.random.default_rng(0)
    A, noise = (H.project(rng.standard_normal((24, 24))) for _ in range(2)), sigma
    A = list(A)
    true = [0.0, 0.05]
    T = [a + s * H.residual(rng.standard_normal((24, 24))) for a, s in zip(A, true)]
    x = torch.from_numpy(rng.standard_normal((N, 24)))
    ys = [x @ torch.from_numpy(t).T + noise * torch.from_numpy(rng.standard_normal((N, 24))) for t in T]
    net = nn.ModuleDict({k: nn.Linear(24, 24, bias=False, dtype=torch.float64) for k in ("same", "broken")})

    def loss(x, *ys):
        return sum((f(x) - y).square().sum(-1).mean() for f, y in zip(net.values(), ys)) / (2 * sigma**2)

    pen = EquivariancePenalty(net, dict.fromkeys(net, (V, V)), residual=0.1, decoupled=True)
    batches = list(zip(x.split(10), *(y.split(10) for y in ys)))
    gram = (x.T @ x / N / sigma**2).numpy()
    for _ in range(
        4
    ):  # the minimum for these lambdas, in closed form: (P and 1 - P commute with the gram to 1/sqrt(N))
        for (name, f), y in zip(net.items(), ys):
            lam = dict(zip(net, (t.weights[0] for t in pen.terms)))[name]
            free = np.linalg.solve(gram, (x.T @ y / N / sigma**2).numpy()).T
            scale = 1 / sigma**2
            with torch.no_grad():
                f.weight.copy_(torch.from_numpy(H.project(free) + H.residual(free) * scale / (scale + lam)))
        pen.reweight_(evidence_weights(pen, loss, batches))
    found = {k: t.weights[0] for k, t in zip(net, pen.terms)}
    dims = 24 * 24 - H.dim
    deviation = (2 / dims) ** 0.5
    assert abs(found["broken"] * N * true[1] ** 2 - 1) < 5 * deviation + 0.05
    assert found["same"] > 20 * found["broken"]
    with pytest.raises(GroupRepError, match="at least two"):
        evidence_weights(pen, loss, batches[:1])
    with pytest.raises(GroupRepError, match="loss gave"):
        evidence_weights(pen, lambda *b: loss(*b) * float("nan"), batches)
    assert EquivariancePenalty(net, {"same": (V, V)}, Mixed(2, 1)).reweight_({"same": 3.0}) is None
