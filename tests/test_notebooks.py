"""Every notebook runs from top to bottom in a fresh kernel, and none stores outputs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

RUN = """
import sys, nbclient, nbformat
from traitlets.config import Config
notebook = nbformat.read(sys.argv[1], as_version=4)
import tempfile
with tempfile.TemporaryDirectory() as sockets:  # ports that are picked and then bound can be taken in between; paths cannot
    config = Config({"KernelManager": {"transport": "ipc", "ip": sockets + "/kernel"}})
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", config=config).execute(cwd=sys.argv[2])
"""


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    command = [sys.executable, "-c", RUN, str(path), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_stores_no_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
