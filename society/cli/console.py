"""Where the command prints: the console, sheets of columns that are never cut, a bar that says how far long work is."""

import os
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import rich.console
import typer
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from society.cli.terminal import printable

#: Characters of a line where the output goes to a file or a program.
WIDE = 160
#: Seconds between lines of progress where the output goes to a file or a program, at first.
TELL_S = 10.0


class Console(rich.console.Console):
    """A console in whose texts nothing is markup, and of whose control characters none but its own reaches the terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    def render(self, *given: Any, **options: Any) -> Iterator[Segment]:
        """Segments of what is printed."""
        for one in super().render(*given, **options):
            yield one if one.control else Segment(printable(one.text), one.style)


#: What names, paths and models say is text: square brackets in it are no markup.
console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE)


class Sheet(Table):
    """A table in which nothing is cut: words may break into lines, names and numbers never."""

    def __init__(self, title: str | None = None, show_header: bool = True) -> None:
        super().__init__(box=None, padding=(0, 2, 0, 0), show_header=show_header)
        self.heading = title

    def column(self, head: str = "", right: bool = False, words: bool = False) -> None:
        """Add a column, of names (left), numbers (right) or words."""
        self.add_column(head, justify="right" if right else "left", no_wrap=not words, overflow="fold")

    def show(self) -> None:
        """Print it; where it does not fit, in lines longer than the terminal's."""
        anything = console.options.update(width=10_000)
        for column in self.columns:
            if column.no_wrap:
                inside = (column.header, *column.cells)
                column.min_width = max(Measurement.get(console, anything, one).maximum for one in inside)
        if self.heading is not None:
            console.print(Text(self.heading, "italic"), soft_wrap=True)
        least = Measurement.get(console, anything, self).minimum
        if least <= console.width:
            console.print(self)
        else:
            Console(width=least).print(self)


class Bar:
    """A progress bar with rate and time left, shown only once the work has taken over two seconds."""

    def __init__(self, quiet: bool = False, unit: str = "ticks") -> None:
        self.quiet, self.unit, self.begin = quiet, unit, time.perf_counter()
        self.bar: Progress | None = None
        self.task: Any = None
        self.ticks = (0, 1)
        self.answered = 0
        self.next_line = TELL_S

    def __enter__(self) -> "Bar":
        return self

    def __call__(self, done: int, total: int) -> None:
        """Show how far the work is."""
        self.ticks = (done, total)
        seconds = time.perf_counter() - self.begin
        if self.quiet or (self.bar is None and seconds < 2):
            return
        if not sys.stderr.isatty():
            self._tell(done, total, seconds)
            return
        if self.bar is None:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
            )
            self.bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self.bar.start()
            self.task = self.bar.add_task(self.unit, total=total, rate="")
        rate = f"{self.answered:,} occasions answered, {self.answered / seconds:,.0f}/s" if self.answered else ""
        self.bar.update(self.task, completed=done, rate=rate or f"{done / seconds:,.0f} {self.unit}/s")

    def _tell(self, done: int, total: int, seconds: float) -> None:
        """A line every so often, where nobody sees a bar: seldomer the longer it takes."""
        if seconds >= self.next_line:
            self.next_line = max(seconds + TELL_S, 1.2 * seconds)
            typer.echo(f"{self.unit} {done:,} of {total:,}, {seconds:,.0f} s", err=True)

    def answer(self) -> None:
        """Show that a language model has answered one more occasion, which may take longer than all ticks."""
        self.answered += 1
        self(*self.ticks)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar:
            self.bar.stop()
