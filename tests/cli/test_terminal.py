"""Nothing that a stranger wrote steers the terminal: control characters are shown, in lines, tables and errors."""

import io
import sys

import pytest
import typer

from society.cli import console as cli_console
from society.cli import main as cli

NASTY = "\x1b]0;owned\x07\x9b31m\r\x7f\u202e[bold]name[/bold]"
SHOWN = "\\x1b]0;owned\\x07\\x9b31m\\r\\x7f\\u202e[bold]name[/bold]"


def test_a_console_sends_only_its_own_control_characters():
    from rich.table import Table

    stream = io.StringIO()
    console = cli_console.Console(file=stream, width=200)
    table = Table(title=NASTY)
    table.add_column(NASTY)
    table.add_row(NASTY)
    console.print(table)
    console.print(NASTY, style="bold")
    assert stream.getvalue().count("\\x1b]0;owned") == 4  # rich drops some itself
    assert all(sign.isprintable() or sign == "\n" for sign in stream.getvalue())


@pytest.mark.parametrize("err", [False, True])
def test_lines_and_errors_are_printable(monkeypatch, err):
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # typer sends colours to terminals only
    monkeypatch.setattr(sys, "stderr" if err else "stdout", terminal)
    monkeypatch.setattr(sys, "argv", ["society", "worlds"])
    monkeypatch.setattr(cli, "app", lambda standalone_mode: typer.echo(NASTY, err=err))
    cli.main()
    assert terminal.getvalue() == SHOWN + "\n"


def test_an_argument_in_an_error_is_printable(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["society", "report", f"/nowhere/{NASTY}"])
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert SHOWN in said
    assert said[:-1].isprintable()
