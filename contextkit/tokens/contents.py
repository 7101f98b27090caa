"""A bounded, thread-safe memory of what was found out about a text."""

from __future__ import annotations

import threading
from collections import OrderedDict
from sys import getsizeof
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ContentCache(Generic[Value]):
    """Values by content. Holds at most `capacity` bytes of text; the least recently used goes first.

    A text larger than an eighth of the capacity is not kept, so that one cannot empty it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Value | None:
        with self._lock:
            value = self._values.get(text)
            if value is not None:
                self._values.move_to_end(text)
            return value

    def put(self, text: str, value: Value) -> None:
        size = getsizeof(text)
        if size > self._capacity // 8:
            return
        with self._lock:
            if text not in self._values:
                self._size += size
            self._values[text] = value
            while self._size > self._capacity:
                self._size -= getsizeof(self._values.popitem(last=False)[0])
