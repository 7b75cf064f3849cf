"""Settings of the documentation's site; `make docs` lays the sources out and builds it."""

from __future__ import annotations

import inspect
import os
import re
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(os.environ["GROUPREP_ROOT"]) / "docs/site"
sys.path.insert(0, str(HERE.parent.parent))

import grouprep  # noqa: E402

project, author, copyright = "grouprep", "The grouprep developers", "the grouprep developers"
version = release = grouprep.__version__
REPOSITORY = "https://github.com/grouprep/grouprep"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.linkcode",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
root_doc = "index"
default_role = "py:obj"
add_module_names = False
nitpicky = False

# Notebooks are run by the build; what has run before and did not change is taken from the cache beside it.
nb_execution_mode = os.environ.get("GROUPREP_NOTEBOOKS", "cache")
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_block"]
myst_heading_anchors = 4
# Pages that a repository's reader follows are not always documents: sources are shown there.
# A word in backticks may name several objects, or none: then it is code.
suppress_warnings = ["myst.header", "misc.highlighting_failure", "ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_google_docstring = False
intersphinx_mapping = {}  # nothing is read from the network

html_theme = "pydata_sphinx_theme"
html_title = "grouprep"
html_static_path = [str(HERE / "_static")]
html_css_files = ["style.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "github_url": REPOSITORY,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "switcher": {"json_url": "_static/versions.json", "version_match": release},
    "check_switcher": False,
    "navbar_end": ["version-switcher", "theme-switcher", "navbar-icon-links"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """Where the source of an object is."""
    if domain != "py" or not info["module"]:
        return None
    value: object = import_module(info["module"])
    try:
        for part in info["fullname"].split("."):
            value = inspect.getattr_static(value, part) if inspect.isclass(value) else getattr(value, part)
        value = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", value)
        value = inspect.unwrap(value)  # type: ignore[arg-type]
        file = Path(inspect.getsourcefile(value) or "").resolve()  # type: ignore[arg-type]
        lines, first = inspect.getsourcelines(value)  # type: ignore[arg-type]
        path = file.relative_to(HERE.parent.parent)
    except (AttributeError, TypeError, OSError, ValueError):
        return None
    return f"{REPOSITORY}/blob/v{release}/{path}#L{first}-L{first + len(lines) - 1}"


def _escape(line: str) -> str:
    """A line of a docstring as reStructuredText: what is not in backticks means itself."""
    parts = re.split(r"(``[^`]*``|`[^`]*`)", line)
    plain = [p if p.startswith("`") else re.sub(r"([*|\\]|(?<=\w)_(?=\W|$))", r"\\\1", p) for p in parts]
    return re.sub(r"(`[^`]*`)(?=\w)", r"\1\\ ", "".join(plain))


def _prose(lines: list[str]) -> list[str]:
    """What stands before the sections: lines "name : text", which may go on further in, are a list, blocks set in are literal."""
    found: list[str] = []
    literal = False
    for k, line in enumerate(lines):
        before, indented = lines[k - 1] if k else "", line.startswith(" ")
        in_list = bool(found) and found[-1].startswith(("* ", "- ", "  "))
        literal = (bool(line.strip()) and indented and (literal or not before.strip())) or (
            literal and not line.strip()
        )
        if literal:
            if (
                found
                and not before.strip()
                and found[-1:] == [""]
                and not any(f.startswith("    ") for f in found[-3:])
            ):
                found += ["::", ""]
            found.append(line)
        elif not indented and re.match(r"[\w*, ()]+? : ", line) and (not before.strip() or in_list):
            found.append("* " + _escape(line))
        else:
            found.append("  " * (indented and in_list) + _escape(line.strip() if indented else line))
    return found


def prepare(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings are plain text with sections and examples: escape what reStructuredText would read as markup."""
    if what == "data":
        lines.clear()  # what its type says is not its own
        return
    sections = [k for k, line in enumerate(lines) if re.fullmatch(r"-{3,}", line) and k]
    first = min(sections) - 1 if sections else len(lines)
    example, rest = False, []
    for line in lines[first:]:
        example = line.lstrip().startswith(">>> ") or (example and bool(line.strip()))
        rest.append(line if example else _escape(line))
    lines[:] = [*_prose(lines[:first]), *rest]


def leave_out(app: object, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Methods that other packages put into our classes are documented by them."""
    module = getattr(obj, "__module__", None) if inspect.isroutine(obj) else None
    return True if module and not module.startswith(("grouprep", "projectors")) else None


def setup(app: object) -> None:
    """Before napoleon, which reads the sections."""
    app.connect("autodoc-process-docstring", prepare, priority=1)  # type: ignore[attr-defined]
    app.connect("autodoc-skip-member", leave_out)  # type: ignore[attr-defined]
