"""Write the man page and the shell completions of the command: python docs/shell/make.py"""

from __future__ import annotations

import re
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from projectors.cli.app import app

HERE = Path(__file__).resolve().parent
COMPLETIONS = {"bash": "grouprep", "zsh": "_grouprep", "fish": "grouprep.fish"}


def roff(text: str) -> str:
    """Plain text in which nothing is a request or an escape."""
    text = text.replace("\\", r"\(rs").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def description(help_text: str) -> str:
    """Paragraphs of a help screen; what is set in stands as it is."""
    parts = []
    for paragraph in help_text.replace("\f", "").replace("\b", "").strip().split("\n\n"):
        first, *rest = paragraph.strip("\n").splitlines()
        if rest and all(line.startswith("  ") for line in rest):
            parts.append(f".PP\n{roff(first)}\n.PP\n.nf\n" + "\n".join(roff(line) for line in rest) + "\n.fi")
        else:
            parts.append(".PP\n" + roff(" ".join(paragraph.split())))
    return "\n".join(parts)


def options(command: click.Command, context: click.Context) -> str:
    """The options with what they do."""
    records = [
        record
        for p in command.get_params(context)
        if isinstance(p, click.Option) and "--help" not in p.opts and (record := p.get_help_record(context))
    ]
    records.append(("-h, --help", "Show this message and exit."))
    return "\n".join(f".TP\n\\fB{roff(names)}\\fR\n{roff(' '.join(text.split()))}" for names, text in records)


def man_page() -> str:
    """The page, in the form of man(7)."""
    context = click.Context(app, info_name="grouprep")
    summary = (app.help or "").strip().splitlines()[0].rstrip(".")
    lines = [
        '.TH GROUPREP 1 "" "grouprep" "User Commands"',
        ".SH NAME",
        f"grouprep \\- {roff(summary[0].lower() + summary[1:])}",
        ".SH SYNOPSIS",
        ".B grouprep\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        description(app.help or ""),
        ".SH COMMANDS",
    ]
    for name in sorted(app.commands):
        command = app.commands[name]
        inner = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(inner))
        lines += [f".SS grouprep {name} {roff(usage)}", description(command.help or ""), options(command, inner)]
    return "\n".join(lines) + "\n"


def completion(shell: str) -> str:
    """The script by which a shell asks the command what can follow."""
    found = get_completion_class(shell)
    assert found is not None
    complete = found(app, {}, "grouprep", "_GROUPREP_COMPLETE")
    return complete.source_template % complete.source_vars()


def pages() -> dict[str, str]:
    """The files of this folder, by name."""
    return {"grouprep.1": man_page()} | {name: completion(shell) for shell, name in COMPLETIONS.items()}


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")
