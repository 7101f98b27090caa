"""Lazy: a sequence that is worked out when somebody first looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar, overload

T = TypeVar("T", covariant=True)


class _Printer(Protocol):
    """IPython's pretty printer."""

    def pretty(self, value: object) -> object: ...


class Lazy(Sequence[T], Generic[T]):
    """An immutable sequence made by `make` on first use, once, whichever thread comes first.

    Making one costs the same however long it will be. Where `make` raises, the error is the
    reader's, and the next reader tries again. Pickles and copies as its values.
    """

    __slots__ = ("_lock", "_make", "_values")

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make: Callable[[], Iterable[T]] | None = make
        self._values: tuple[T, ...] = ()
        self._lock = Lock()

    @property
    def values(self) -> tuple[T, ...]:
        """All of it, worked out now if it was not before."""
        if self._make is not None:
            self._work_out()
        return self._values

    def _work_out(self) -> None:
        with self._lock:
            if self._make is not None:
                self._values = tuple(self._make())
                self._make = None  # lets go of everything the closure held on to

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.values[index]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[T]:
        return iter(self.values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Lazy):
            return self.values == other.values
        return self.values == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.values)

    def __repr__(self) -> str:
        return "Lazy(…)" if self._make is not None else f"Lazy({list(self._values)!r})"

    def _repr_pretty_(self, printer: _Printer, _cycle: bool) -> None:
        """What IPython shows of it: who ends a cell with it is looking."""
        printer.pretty(self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _of, (self.values,)


def _of(values: tuple[T, ...]) -> Lazy[T]:
    return Lazy(lambda: values)
