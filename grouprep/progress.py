"""How far long work has come: loops that take their time say so to whoever asked, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias, TypeVar

__all__ = ["Listener", "progress", "steps"]

Listener: TypeAlias = Callable[[str, int, int], None]
"""What is told of long work: a text, how many steps are done, and how many there are."""

T = TypeVar("T")

_listener: ContextVar[Listener | None] = ContextVar("grouprep progress", default=None)


@contextmanager
def progress(listener: Listener | None = None) -> Iterator[None]:
    """Show how far the work inside has come: a bar, on a terminal and in a notebook, or whatever a listener makes of it.

    It can be interrupted at any step; what was computed until then is kept, and nothing is left half done. Contexts nest, and threads
    have their own.

    Parameters
    ----------
    listener : called with a text, how many steps of that work are done, and how many there are; None: a bar by tqdm, or by rich.

    Raises
    ------
    ImportError
        If no listener is given and neither tqdm nor rich is installed.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> from grouprep.progress import progress
    >>> from projectors import Hom
    >>> H = Hom(Dihedral(4).regular() + Dihedral(4).defining(), Dihedral(4).regular())
    >>> with progress(lambda text, done, of: print(f"{text}: {done} of {of}")):
    ...     certificate = H.certify()
    solving: 0 of 2
    solving: 1 of 2
    solving: 2 of 2
    proving: 0 of 2
    proving: 1 of 2
    proving: 2 of 2
    """
    if listener is not None:
        token = _listener.set(listener)
        try:
            yield
        finally:
            _listener.reset(token)
        return
    bars = _Bars()
    try:
        with progress(bars):
            yield
    finally:
        bars.close()


def steps(items: Collection[T], text: str) -> Iterator[T]:
    """The items, one after the other; before each and at the end the listener, if there is one, is told how many are done.

    Parameters
    ----------
    items : what is gone through; text : what is done with them, in a word or two.

    Examples
    --------
    >>> from grouprep.progress import steps
    >>> list(steps("ab", "spelling"))
    ['a', 'b']
    """
    listener = _listener.get()
    if listener is None:
        yield from items
        return
    for done, item in enumerate(items):
        listener(text, done, len(items))
        yield item
    listener(text, len(items), len(items))


class _Bars:
    """One bar for each text, by tqdm where it is installed, which knows notebooks, else by rich."""

    def __init__(self) -> None:
        self.shown: dict[str, Callable[[int, int], None]] = {}
        self.closers: list[Callable[[], object]] = []
        self.start = self._maker()

    def __call__(self, text: str, done: int, of: int) -> None:
        if of > 1:  # one step is no progress
            if text not in self.shown:
                self.shown[text] = self.start(text, of)
            self.shown[text](done, of)

    def close(self) -> None:
        """Leave the bars as they are."""
        while self.closers:
            self.closers.pop()()

    def _maker(self) -> Callable[[str, int], Callable[[int, int], None]]:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return self._by_rich()

        def start(text: str, of: int) -> Callable[[int, int], None]:
            bar = tqdm(total=of, desc=text)
            self.closers.append(bar.close)

            def show(done: int, of: int) -> None:
                bar.total, bar.n = of, done
                bar.refresh()

            return show

        return start

    def _by_rich(self) -> Callable[[str, int], Callable[[int, int], None]]:
        try:
            from rich.progress import Progress
        except ImportError:
            raise ImportError(
                "a progress bar needs tqdm or rich: pip install tqdm, or give progress a function"
            ) from None
        from rich.console import Console

        bars = Progress(console=Console(stderr=True))
        bars.start()
        self.closers.append(bars.stop)

        def start(text: str, of: int) -> Callable[[int, int], None]:
            task = bars.add_task(text, total=of)
            return lambda done, of: bars.update(task, completed=done, total=of)

        return start
