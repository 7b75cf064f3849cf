"""A run that is interrupted and resumed from state_dicts gives the losses of one that is not, bit for bit."""

import copy
import io
import pickle

import pytest
import torch
from cases import cases
from torch import nn

from grouprep import Cyclic, Dihedral, GroupRepError
from projectors.penalties import Frobenius, KyFan, Spectral
from projectors.torch import Cosine, EquivariancePenalty, Linear, TargetShare

C4, D4 = Cyclic(4), Dihedral(4)
V, W = 8 * C4.regular(), 10 * C4.regular()
SPEC = {"2": (W, V), "0": (V, W)}  # not in the order of their names
STEPS = 9


class Run:
    """A training run, with the penalty beside the model or, as in Lightning, in it."""

    def __init__(self, options, inside=False, spec=SPEC):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(V.dim, W.dim), nn.Tanh(), nn.Linear(W.dim, V.dim))
        self.pen = EquivariancePenalty(self.model, spec, **options)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01)
        self.pen.attach(self.optimizer)
        self.x = torch.randn(6, V.dim)
        self.whole = nn.ModuleDict({"net": self.model, "pen": self.pen}) if inside else None

    def train(self, steps):
        losses = []
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss = self.model(self.x).square().mean() + self.pen()
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return losses

    def save(self):
        parts = (self.whole,) if self.whole else (self.model, self.pen)
        file = io.BytesIO()
        torch.save([part.state_dict() for part in (self.optimizer, *parts)], file)
        return file.getvalue()

    def load(self, saved):
        parts = (self.whole,) if self.whole else (self.model, self.pen)
        states = torch.load(io.BytesIO(saved), weights_only=True)
        for part, state in zip((self.optimizer, *parts), states, strict=True):
            part.load_state_dict(state)
        return self


OPTIONS = {
    "schedules": {"residual": {"2": Linear(1.0, 0.0, 9), "0": Cosine(0.0, 2.0, 9)}, "equivariant": {"0": 0.5}},
    "followed": {"norm": Spectral(), "residual": {"2": 0.5, "0": TargetShare(0.3, rate=0.5)}},
    "some steps": {"norm": KyFan(2), "every": 3, "residual": Linear(1.0, 0.5, 9)},
    "decoupled": {"decoupled": True, "residual": TargetShare(0.5, start=2.0, rate=0.5), "equivariant": 0.1},
    "squared": {"norm": Frobenius(squared=True), "residual": {"2": 0.5, "0": 2.0}},
}


@cases("inside", (False, True), ids=["beside", "inside"])
@cases("options", OPTIONS.values(), ids=OPTIONS)
def test_resumed_runs_give_the_same_losses(options, inside):
    whole = Run(options, inside)
    losses = whole.train(STEPS)
    for k in (4, 5):
        first = Run(options, inside)
        assert first.train(k) == losses[:k]
        second = Run(options, inside).load(first.save())
        assert second.pen.steps == k
        assert torch.equal(second.pen.weights, first.pen.weights)
        assert second.train(STEPS - k) == losses[k:]
        assert pickle.loads(pickle.dumps(first.pen))().item() == copy.deepcopy(first.pen)().item()
        twin_model, twin = copy.deepcopy((first.model, first.pen))
        assert twin.model is twin_model
        assert twin().item() == first.pen().item()
    for key, value in whole.pen.state_dict().items():
        assert isinstance(value, torch.Tensor), key
        assert value.is_contiguous(), key
        assert not value.requires_grad, key


def test_what_follows_is_carried_through_compiled_steps():
    """A compiled step goes on from the blocks of a plain one, and the other way round; a state_dict holds them."""
    torch.compiler.reset()
    run = Run(OPTIONS["followed"])
    run.train(2)
    before = {k: v.clone() for k, v in run.pen.state_dict().items()}
    followed = [k for k in before if k.startswith("followed")]
    assert followed == ["followed.2.weight", "followed.0.weight"]
    compiled = torch.compile(run.pen, fullgraph=True, backend="eager")
    values = [compiled().item() for _ in range(2)]
    assert values[0] != values[1]  # the second starts from the first one's blocks
    other = Run(OPTIONS["followed"]).load(run.save())
    for key in followed:
        assert not torch.equal(run.pen.state_dict()[key], before[key])
        assert torch.equal(run.pen.state_dict()[key], other.pen.state_dict()[key])
    assert other.pen().item() == run.pen().item()


def test_a_state_of_another_penalty_is_refused():
    state = Run(OPTIONS["followed"]).pen.state_dict()
    for options, spec, match in (
        ({**OPTIONS["followed"], "norm": KyFan(2)}, SPEC, r"norm was Spectral\(\), here it is KyFan\(k=2\)"),
        ({**OPTIONS["followed"], "every": 2}, SPEC, "every was 1, here it is 2"),
        ({"norm": Spectral()}, SPEC, r'residual of "2.weight" was Constant\(value=0.5\), here it is'),
        ({"norm": Spectral(), "residual": {"2": 0.5}}, {"2": (W, V)}, '"0.weight" was penalised, here it is not'),
        (OPTIONS["followed"], {**SPEC, "0": (4 * D4.regular(), 5 * D4.regular())}, r'space of "0.weight" was Hom\('),
    ):
        with pytest.raises(GroupRepError, match=match):
            Run(options, spec=spec).pen.load_state_dict(state)
    one = Run({"norm": Spectral(), "residual": {"2": 0.5}}, spec={"2": (W, V)}).pen
    with pytest.raises(GroupRepError, match=r'"0\.weight" was not penalised, here it is'):
        Run({"norm": Spectral(), "residual": {"2": 0.5}}).pen.load_state_dict(one.state_dict())
    with pytest.raises(GroupRepError, match=r"specification, steps, weights missing; it must be what pen\.state_dict"):
        one.load_state_dict(nn.Linear(2, 2).state_dict())
    with pytest.raises(RuntimeError, match="Missing key"):
        one.load_state_dict({})
    one.load_state_dict({}, strict=False)
    damaged = {**one.state_dict(), "specification": torch.zeros(3, dtype=torch.uint8)}
    with pytest.raises(GroupRepError, match="it is no penalty's"):
        one.load_state_dict(damaged)
