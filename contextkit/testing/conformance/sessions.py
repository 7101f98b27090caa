"""What a `SessionStore` must do."""

from __future__ import annotations

from contextkit.testing.conformance.messages import MessageConformance
from contextkit.testing.conformance.state import StateConformance


class SessionStoreConformance(MessageConformance, StateConformance):
    """`SessionStore`: messages and vectors, and a session's facts, state, view and derived data."""
