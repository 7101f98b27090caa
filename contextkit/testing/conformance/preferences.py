"""What a `PreferenceStore` must do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidId, InvalidInput
from contextkit.stores import PreferenceStore
from contextkit.testing.conformance.base import THREADS, Conformance, at_once
from contextkit.testing.conformance.values import BAD_IDS, LAWS, ODD_IDS, ODD_TEXTS, TEXTS, named, near


class PreferenceStoreConformance(Conformance):
    """Small named settings."""

    def test_there_are_no_preferences_at_first(self, store: PreferenceStore, actor: str) -> None:
        assert store.preferences(actor) == {}

    def test_preferences_stay_in_the_order_of_their_first_setting(self, store: PreferenceStore, actor: str) -> None:
        store.set_preferences(actor, {"tone": "brief", "language": "de"})
        store.set_preferences(actor, {"diet": "vegan", "tone": "warm"})
        assert list(store.preferences(actor).items()) == [("tone", "warm"), ("language", "de"), ("diet", "vegan")]

    def test_none_deletes_a_preference(self, store: PreferenceStore, actor: str) -> None:
        store.set_preferences(actor, {"tone": "brief", "language": "de"})
        store.set_preferences(actor, {"tone": None, "never set": None})
        assert store.preferences(actor) == {"language": "de"}
        store.set_preferences(actor, {"tone": "warm"})
        assert list(store.preferences(actor)) == ["language", "tone"]

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=named)
    def test_text_of_a_preference_comes_back_equal(self, store: PreferenceStore, actor: str, text: str) -> None:
        store.set_preferences(actor, {"name": text})
        assert store.preferences(actor) == {"name": text}

    @LAWS
    @given(values=st.dictionaries(st.text("abcdefg#/:%", min_size=1), TEXTS | st.none(), max_size=6))
    def test_preferences_are_a_dict(self, store: PreferenceStore, actor: str, values: dict[str, str | None]) -> None:
        before = store.preferences(actor)
        store.set_preferences(actor, values)
        expected = {name: value for name, value in (before | values).items() if value is not None}
        assert list(store.preferences(actor).items()) == list(expected.items())

    @pytest.mark.parametrize("odd", ODD_IDS, ids=named)
    def test_any_name_of_a_preference_is_itself(self, store: PreferenceStore, actor: str, odd: str) -> None:
        store.set_preferences(near(actor, odd), {odd: "value", "other": "other"})
        assert store.preferences(near(actor, odd)) == {odd: "value", "other": "other"}
        assert store.preferences(actor) == {}

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_ids_of_preferences_are_refused(self, store: PreferenceStore, actor: str, bad: Any) -> None:
        with pytest.raises(InvalidId):
            store.preferences(bad)
        with pytest.raises(InvalidId):
            store.set_preferences(bad, {"a": "b"})
        with pytest.raises(InvalidId):
            store.set_preferences(actor, {"good": "x", bad: "x"})
        assert store.preferences(actor) == {}

    @pytest.mark.parametrize("bad", [5, b"x", ["x"]], ids=repr)
    def test_what_is_no_text_is_no_preference(self, store: PreferenceStore, actor: str, bad: Any) -> None:
        with pytest.raises(InvalidInput):
            store.set_preferences(actor, {"good": "x", "bad": bad})
        with pytest.raises(InvalidInput):
            store.set_preferences(actor, bad)
        assert store.preferences(actor) == {}

    def test_threads_lose_no_preference(self, store: PreferenceStore, actor: str) -> None:
        at_once(lambda thread: store.set_preferences(actor, {f"{thread}": "x", "same": "y"}))
        assert store.preferences(actor) == {"same": "y"} | {f"{thread}": "x" for thread in range(THREADS)}
