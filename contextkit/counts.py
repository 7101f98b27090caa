"""A bounded, thread-safe memory of how many tokens a text has."""

from __future__ import annotations

import threading
from collections import OrderedDict
from sys import getsizeof


class CountCache:
    """Counts by content. Holds at most `capacity` bytes of text; the least recently used goes first.

    A text larger than an eighth of the capacity is not kept, so that one cannot empty it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> int | None:
        with self._lock:
            count = self._counts.get(text)
            if count is not None:
                self._counts.move_to_end(text)
            return count

    def put(self, text: str, count: int) -> None:
        size = getsizeof(text)
        if size > self._capacity // 8:
            return
        with self._lock:
            if text not in self._counts:
                self._size += size
            self._counts[text] = count
            while self._size > self._capacity:
                self._size -= getsizeof(self._counts.popitem(last=False)[0])
