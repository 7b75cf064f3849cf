"""What the tests of the command share."""

import numpy as np
import pytest
from commands import SQUARE


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder with square.toml and some weights."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "square.toml").write_text(SQUARE)
    rng = np.random.default_rng(0)
    np.save("w.npy", rng.normal(size=(16, 64)).astype(np.float32))
    np.savez("two.npz", a=rng.normal(size=(16, 64)), b=np.ones(16))
    return tmp_path
