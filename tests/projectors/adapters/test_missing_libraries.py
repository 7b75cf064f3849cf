"""Without an optional library its adapter says what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

BLOCK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == {library!r} or name.startswith({library!r} + "."):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
try:
    import {module}
except ImportError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("module", "library"),
    [
        ("projectors.torch", "torch"),
        ("projectors.torch.fast", "torch"),
        ("projectors.baselines", "torch"),
        ("projectors.torch.baselines", "torch"),
        ("projectors.jax", "jax"),
        ("projectors.jax.functions", "jax"),
        ("grouprep.interop.emlp", "emlp"),
    ],
)
def test_the_install_line_is_named(module, library):
    result = subprocess.run(
        [sys.executable, "-c", BLOCK.format(module=module, library=library)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=True,
    )  # fmt: skip
    assert f"pip install 'grouprep[{library}]'" in result.stdout
    assert "Error" in result.stdout.split()[0]
    assert result.stderr == ""


def test_an_error_inside_the_library_is_not_taken_for_its_absence(tmp_path):
    (tmp_path / "torch.py").write_text("import no_such_part_of_torch")
    result = subprocess.run(
        [sys.executable, "-c", "import projectors.torch"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, timeout=120, check=False,
    )  # fmt: skip
    assert "no_such_part_of_torch" in result.stderr
    assert "pip install" not in result.stderr
