"""Build the wheel and the source distribution, look into them, and install them in clean environments, one for each extra.

python tests/packaging/check.py              # `make packages`
python tests/packaging/check.py cli torch    # these extras alone
"""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from environments import ROOT, install, run

# What an extra promises, beyond that it can be installed; "" is none. Extras for working on the project are left to `make test`.
PROMISES = {
    "": "from grouprep import SO; from projectors import Hom; V = SO(3).defining(); assert Hom(V ** 2, V).certify().proved",
    "all": "import cvxpy, e3nn, jax, matplotlib, networkx, qutip, safetensors, spglib, torch, xarray",
    "cli": "from projectors.cli import main; assert main(['info', 'D4']) == 0",
    "cvxpy": "import projectors.interop.cvxpy, cvxpy",
    "e3nn": "import projectors.interop.e3nn, grouprep.interop.e3nn; from projectors.torch import EquivariancePenalty",
    "emlp": "import grouprep.interop.emlp, emlp",
    "jax": "from projectors.jax import EquivariancePenalty",
    "networkx": "import networkx as nx; from grouprep.interop import graphs; graphs.automorphism_group(nx.petersen_graph())",
    "parallel": "import joblib",
    "plot": "import matplotlib",
    "qutip": "from grouprep.interop.qutip import spin_operators, to_qutip; to_qutip(spin_operators(1)[2])",
    "safetensors": "import safetensors",
    "spglib": "import grouprep.interop.crystals, spglib",
    "studies": "import projectors.interop.sklearn",
    "torch": "from projectors.torch import EquivariancePenalty",
    "xarray": "import projectors.interop.xarray",
}
DEVELOPMENT = {"docs", "test"}


def extras() -> set[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return set(parser["options.extras_require"])


def tracked() -> set[str]:
    """The files of the project; none where git does not know it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}


def build(folder: Path) -> tuple[Path, Path]:
    """The source distribution, and the wheel made from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    run(sys.executable, "-m", "twine", "check", "--strict", *sorted(folder.iterdir()))
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


def look_into(source: Path, wheel: Path) -> None:
    """Every file of the project is in the source distribution, every file of the two packages in the wheel, and little else."""
    files = tracked()
    with tarfile.open(source) as archive:
        packed = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    with zipfile.ZipFile(wheel) as archive:
        wheeled = {name for name in archive.namelist() if not re.match(r"[^/]*\.(dist-info|data)/", name)}
    packages = {name for name in files if name.startswith(("grouprep/", "projectors/"))}
    wrong = {
        "missing in the source distribution": files - packed,
        "missing in the wheel": packages - wheeled,
        "no part of the project, in the wheel": wheeled - packages if files else set(),
    }
    for what, names in wrong.items():
        if names:
            sys.exit(f"error: {what}: {', '.join(sorted(names)[:10])}")


def main() -> int:
    if set(PROMISES) - {""} | DEVELOPMENT != extras():
        sys.exit("error: tests/packaging/check.py and setup.cfg name different extras")
    chosen = sys.argv[1:] or sorted(PROMISES)
    with tempfile.TemporaryDirectory(prefix="packages-") as name:
        folder = Path(name)
        source, wheel = build(folder / "dist")
        look_into(source, wheel)
        print(f"{source.name}, {wheel.name}: complete", flush=True)
        for extra in chosen:
            what = f"grouprep[{extra}] @ {wheel.as_uri()}" if extra else f"grouprep @ {wheel.as_uri()}"
            python = install(folder / f"venv-{extra or 'core'}", what)
            run(python, "-c", PROMISES[extra], cwd=folder)
            print(f"grouprep{f'[{extra}]' if extra else ''}: installed, works", flush=True)
        python = install(folder / "venv-source", f"grouprep[cli] @ {source.as_uri()}")
        print(run(python, "-m", "grouprep", "--version", cwd=folder).strip(), "from source", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
