"""What the tests of the adapters share."""

import pytest


@pytest.fixture
def x64():
    """JAX in double precision."""
    import jax

    with jax.enable_x64(True):
        yield
