"""The conformance suite: what every store must do, as tests that run against any of them.

It needs pytest and Hypothesis. Subclass the suites of the Protocols that the store implements,
or `StoreConformance` for all of them, and give it the store as a fixture:

    from contextkit.testing.conformance import EMBEDDINGS, TTL, ManualClock, StoreConformance

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def store(self, clock: ManualClock) -> Iterator[MyStore]:
            with MyStore(clock=clock, ttl=TTL, embeddings=EMBEDDINGS) as store:
                yield store

The store must take its time from `clock`, let sessions live for `TTL` after their last append,
and embed with `EMBEDDINGS`. One that cannot expire, or keeps no vectors, says so with
`has_expiry = False` or `has_vectors = False`, and those tests are skipped. Tests use actors of
their own, so all of them may share one database.
"""

from __future__ import annotations

from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance.base import EMBEDDINGS, TTL, Conformance
from contextkit.testing.conformance.calibrations import CalibrationStoreConformance
from contextkit.testing.conformance.erasure import ErasableConformance
from contextkit.testing.conformance.memories import MemoryStoreConformance
from contextkit.testing.conformance.overflow import OverflowStoreConformance
from contextkit.testing.conformance.preferences import PreferenceStoreConformance
from contextkit.testing.conformance.sessions import SessionStoreConformance
from contextkit.testing.conformance.tools import ToolCacheConformance

__all__ = [
    "EMBEDDINGS",
    "TTL",
    "CalibrationStoreConformance",
    "Conformance",
    "ErasableConformance",
    "ManualClock",
    "MemoryStoreConformance",
    "OverflowStoreConformance",
    "PreferenceStoreConformance",
    "SessionStoreConformance",
    "StoreConformance",
    "ToolCacheConformance",
]


class StoreConformance(
    SessionStoreConformance,
    OverflowStoreConformance,
    MemoryStoreConformance,
    PreferenceStoreConformance,
    ToolCacheConformance,
    CalibrationStoreConformance,
    ErasableConformance,
):
    """Every suite, for a store that implements every Protocol."""
