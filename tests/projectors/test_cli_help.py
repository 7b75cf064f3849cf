"""The help screens, as a person sees them on a terminal of 80 columns, and what the documents say of the commands."""

import re
from functools import cache

import click
import pytest
from commands import ROOT, on_terminal, run

from projectors.cli.app import app
from projectors.cli.application import verbatim

COMMANDS = sorted(app.commands)


@cache
def screen(command):
    return on_terminal(*([command] if command else []), "--help")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_screen(command):
    text = screen(command)
    assert "\\b" not in text
    assert "\b" not in text
    assert "\t" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith(f"Usage: grouprep{' ' + command if command else ''} ")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_examples_have_lines_of_their_own(command):
    """Each begins its line, and is one command that the application reads."""
    lines = screen(command).splitlines()
    examples = lines[lines.index("  Examples:") + 1 :]
    examples = examples[: examples.index("")]
    assert examples
    for line in examples:
        assert re.match(rf"    grouprep {command or '[a-z]+'}\b", line) or line.startswith("    grouprep basis"), line
        assert line.count("grouprep ") == 1
    shown = sum(
        line.count("grouprep ") for line in app.commands.get(command, app).help.splitlines() if line[:2] == "  "
    )
    assert shown == len(examples)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_examples_can_be_parsed(command):
    """Names of commands, options and their choices are those that there are."""
    import shlex

    for line in app.commands.get(command, app).help.splitlines():
        if line.startswith("  grouprep "):
            name, *arguments = shlex.split(line)[1:]
            with app.commands[name].make_context(name, arguments):
                pass


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_option_is_documented(command):
    text = screen(command)
    for parameter in app.commands.get(command, app).params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            described = " ".join(text[text.index("Options:") :].split())
            for name in parameter.opts:
                assert re.search(rf"(^|[ ,]){re.escape(name)}[ ,]", described), name
            assert " ".join(parameter.help.split()) in described, parameter.name
        else:
            assert parameter.make_metavar(click.Context(app)) in text


def test_commands_are_listed_whole():
    listed = screen("").split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed] == COMMANDS
    assert not any(line.endswith("...") for line in listed)


def test_exit_codes_are_those_of_main():
    from projectors.cli import main

    codes = re.findall(r"^    (\d+) ", screen(""), re.MULTILINE)
    assert codes == ["0", "1", "2", "70", "130", "141"]
    assert all(re.search(rf"\b{code}\b", main.__doc__) for code in codes)
    guide = (ROOT / "docs/guide/command-line.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", guide, re.MULTILINE) == codes


def test_documents_say_how_many_commands_there_are():
    numbers = {
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "eleven": 11,
        "twelve": 12,
    }
    guide = (ROOT / "docs/guide/command-line.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"(\w+) commands, each", guide)
    assert numbers[said] == len(COMMANDS)
    assert sorted(re.findall(r"^\| `([a-z]+)[ `]", guide, re.MULTILINE)) == COMMANDS
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (named,) = re.findall(r"The command `grouprep` \(([^)]*)\)", changelog)
    assert sorted(re.findall(r"`(\w+)`", named)) == COMMANDS


def test_screens_fit_other_widths():
    assert max(map(len, on_terminal("info", "--help", columns=100).splitlines())) <= 100


def test_only_indented_paragraphs_are_kept_as_they_are():
    assert verbatim("One\ntwo.\n\nA list:\n  a\n  b") == "One\ntwo.\n\n\b\nA list:\n  a\n  b"
    assert verbatim(None) is None


def test_an_unknown_command_gets_the_nearest():
    code, _, err = run("inof", "D4")
    assert code == 2
    assert "info" in err


def test_the_man_page_and_the_completions_are_those_of_the_command():
    """Made by docs/shell/make.py, and installed with the package."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("shell", ROOT / "docs/shell/make.py")
    shell = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shell)
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    for name, text in shell.pages().items():
        assert (ROOT / "docs/shell" / name).read_text(encoding="utf-8") == text, f"{name}: run docs/shell/make.py"
        assert f"= docs/shell/{name}\n" in setup


def test_completion_offers_commands_and_options():
    from click.shell_completion import ShellComplete

    complete = ShellComplete(app, {}, "grouprep", "_GROUPREP_COMPLETE")
    assert [c.value for c in complete.get_completions([], "de")] == ["decompose", "demo"]
    assert [c.value for c in complete.get_completions(["basis", "D4"], "--ex")] == ["--exact"]
    assert {c.value for c in complete.get_completions(["schema"], "")} >= {"basis", "verify"}
