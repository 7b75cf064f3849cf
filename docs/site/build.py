"""Lay out the documentation's sources and build the site.

    python docs/site/build.py                    # `make docs`: docs/_build/html, warnings are errors
    python docs/site/build.py --serve            # `make docs-serve`: and show it in a browser, at localhost:8000

The sources are the repository's own documents at their own places, so that links between them lead on both; beside them
pages that are written from the code: the reference from the docstrings, the tables of contents from the folders.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from public import public_objects

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = ROOT / "docs/site"
BUILD = ROOT / "docs/_build"
SOURCE = BUILD / "source"
HTML = BUILD / "html"
REPOSITORY = "https://github.com/grouprep/grouprep/blob/main"
OWN = r"^https://(?:github|raw\.githubusercontent)\.com/grouprep/grouprep/(?:blob/)?main/"

DOCUMENTS = (
    "*.md",
    "docs/**/*.md",
    "docs/images/**/*.png",
    "docs/images/**/*.svg",
    "notebooks/*.ipynb",
    "benchmarks/*.md",
    "studies/**/*.md",
    "studies/**/*.png",
)


def copy(source: Path, target: Path) -> None:
    """Copy a file, if it is another: what did not change is not built anew."""
    write(target, source.read_bytes())


def write(target: Path, content: bytes | str) -> None:
    """Write a file of the sources, if it says something new."""
    data = content.encode() if isinstance(content, str) else content
    if not target.exists() or target.read_bytes() != data:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    KEPT.add(target)


MOVED = {"docs/guide/emlp.md"}  # what a reader of the repository finds at an old address
KEPT: set[Path] = set()


def matched(patterns: Iterable[str]) -> list[str]:
    """The documents of patterns, each once, in order."""
    found: dict[str, None] = {}
    for pattern in patterns:
        for path in sorted(SOURCE.glob(pattern)):
            if path in KEPT and "site" not in path.parts:
                found[path.relative_to(SOURCE).as_posix()] = None
    return list(found)


def own_documents() -> None:
    """The repository's documents; links to files that are none lead to the repository."""
    for pattern in DOCUMENTS:
        for path in ROOT.glob(pattern):
            name = path.relative_to(ROOT)
            if name.parts[:2] in {("docs", "_build"), ("docs", "site")} or path.is_dir() or name.as_posix() in MOVED:
                continue
            if path.suffix == ".md":
                write(SOURCE / name, _linked(path.read_text(encoding="utf-8"), name))
            else:
                copy(path, SOURCE / name)


def _linked(text: str, name: Path) -> str:
    def lead(match: re.Match[str]) -> str:
        address = re.sub(OWN, os.path.relpath(ROOT, ROOT / name.parent) + "/", match[1])
        target, _, anchor = address.partition("#")
        if re.match(r"[a-z]+:", target) or not target:
            return match[0]
        path = (ROOT / name.parent / target).resolve()
        if path.suffix in {".md", ".ipynb", ".png", ".svg"} and path.is_file():
            return f"]({address})"
        return f"]({REPOSITORY}/{path.relative_to(ROOT).as_posix()}{'#' if anchor else ''}{anchor})"

    blocks = re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(b if b.startswith("```") else re.sub(r"\]\(([^)\s]+)\)", lead, b) for b in blocks)


def title_of(name: str) -> str:
    """The first heading of a document."""
    text = (SOURCE / name).read_text(encoding="utf-8")
    if name.endswith(".ipynb"):
        text = "".join(json.loads(text)["cells"][0]["source"])
    found = re.search(r"^# (.+)$", text, flags=re.MULTILINE)
    return found[1].strip().replace("`", "") if found else name


def first_sentence(name: str) -> str:
    """What a document begins with, as plain text."""
    text = (SOURCE / name).read_text(encoding="utf-8")
    if name.endswith(".ipynb"):
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells[:2] if c["cell_type"] == "markdown")
    body = re.sub(r"^#+ .*$", "", text, flags=re.MULTILINE).strip()
    paragraph = " ".join(body.split("\n\n", 1)[0].split())
    paragraph = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", re.sub(r"[`*]|(?<=\$)\$", "", paragraph))
    sentence = re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0]
    if len(sentence) > 160:
        sentence = sentence[:160].rsplit(" ", 1)[0]
        sentence = (sentence.rsplit("$", 1)[0] if sentence.count("$") % 2 else sentence) + "..."
    return sentence.rstrip(":")


def contents() -> None:
    """A page of contents for each part."""
    parts = tomllib.loads((SITE / "parts.toml").read_text(encoding="utf-8"))
    for part, settings in parts.items():
        names, title = matched(settings["pages"]), settings["title"]
        if not names:
            continue
        toctree = "\n".join(f"{title_of(n)} </{n.rsplit('.', 1)[0]}>" for n in names)
        lines = [f"# {title}", "", settings["what"], ""]
        if part == "tutorials":
            lines += [":::::{grid} 1 2 3 3", ":gutter: 3", ":class-container: gallery", ""]
            for n in names:
                stem = Path(n).stem
                lines += [f"::::{{grid-item-card}} {title_of(n)}", f":link: /{n.rsplit('.', 1)[0]}", ":link-type: doc"]
                lines += [f":img-top: /thumbnails/{stem}.png", f":img-alt: a picture of the notebook {title_of(n)}", ""]
                lines += [first_sentence(n), "::::"]
            lines += [":::::", ""]
        lines += ["```{toctree}", ":maxdepth: 1", *([":hidden:"] if part == "tutorials" else []), "", toctree, "```"]
        write(SOURCE / f"{part}.md", "\n".join(lines) + "\n")


def reference() -> None:
    """A page for each module with public objects, from the docstrings."""
    pages = public_objects()
    for module, objects in pages.items():
        lines = [module, "=" * len(module), "", f".. automodule:: {module}", "   :no-members:", "   :no-index:", ""]
        for public in objects:
            directive = {"class": "autoclass", "function": "autofunction", "data": "autodata"}[public.kind]
            lines += [f".. {directive}:: {module}.{public.name}"]
            lines += ["   :members:", "   :show-inheritance:"] if public.kind == "class" else []
            lines += ["   :no-value:"] if public.kind == "data" else []
            lines += [""]
        write(SOURCE / f"reference/{module}.rst", "\n".join(lines) + "\n")
    first = ["grouprep", "projectors", "grouprep.testing", "projectors.testing"]
    first[2:2] = [f"projectors.{name}" for name in ("penalties", "torch", "jax", "models")]
    groups = {"Where to begin": [m for m in first if m in pages]}
    for top, title in (("grouprep", "The representation layer"), ("projectors", "The projector layer")):
        groups[title] = [m for m in pages if m.split(".")[0] == top and m not in first]
    lines = ["# Reference", "", "Every public object, under the shortest path by which it is imported.", ""]
    for title, names in groups.items():
        entries = "\n".join(f"/reference/{n}" for n in names)
        lines += [f"## {title}", "", "```{toctree}", ":maxdepth: 1", "", entries, "```", ""]
    write(SOURCE / "reference.md", "\n".join(lines) + "\n")


def thumbnails() -> None:
    """The last picture that each notebook drew, from the last build; the project's own where there is none yet."""
    drawn: dict[str, str] = {}
    for page in HTML.glob("notebooks/*.html"):
        pictures = re.findall(r'src="(?:\.\./)*_images/([^"]+\.(?:png|svg))"', page.read_text(encoding="utf-8"))
        if pictures:
            drawn[page.stem] = pictures[-1]
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        picture = HTML / "_images" / drawn.get(notebook.stem, "none")
        fallback = ROOT / "docs/images/filters.png"
        copy(
            picture if picture.suffix == ".png" and picture.exists() else fallback,
            SOURCE / f"thumbnails/{notebook.stem}.png",
        )


def lay_out() -> None:
    """All sources; what is there of an earlier build and belongs to none of them goes."""
    KEPT.clear()
    own_documents()
    reference()
    thumbnails()
    contents()
    copy(SITE / "index.md", SOURCE / "index.md")
    for path in SOURCE.rglob("*"):
        if path.is_file() and path not in KEPT and "jupyter_execute" not in path.parts:
            path.unlink()


def build() -> int:
    """Run Sphinx; its exit code."""
    version = subprocess.run(
        [sys.executable, "-c", "import grouprep; print(grouprep.__version__)"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.strip()  # fmt: skip
    environment = os.environ | {
        "GROUPREP_ROOT": str(ROOT),
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs", "2"]
    command = [sys.executable, "-m", "sphinx", *options, "-c", SITE, "-d", BUILD / "doctrees", SOURCE, HTML]
    code = subprocess.run(list(map(str, command)), env=environment, check=False).returncode
    versions = [{"version": version, "url": "/", "preferred": True}]
    if HTML.exists():
        (HTML / "_static/versions.json").write_text(json.dumps(versions), encoding="utf-8")
    return code


def main() -> int:
    """Twice if a notebook drew another picture than its thumbnail shows: then the gallery alone is built anew."""
    BUILD.mkdir(exist_ok=True)
    lay_out()
    code = build()
    if code == 0:
        before = {p: p.read_bytes() for p in (SOURCE / "thumbnails").iterdir()}
        lay_out()
        if any(p.read_bytes() != content for p, content in before.items()):
            code = build()
    if code:
        print("error: the site has warnings, see above", file=sys.stderr)
    elif "--serve" in sys.argv[1:]:
        print("http://localhost:8000")
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(HTML))
        http.server.ThreadingHTTPServer(("127.0.0.1", 8000), handler).serve_forever()
    else:
        print(HTML / "index.html")
    return code


if __name__ == "__main__":
    sys.exit(main())
