"""What a `ToolCache` must do."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidId, InvalidInput
from contextkit.stores import ToolCache
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance.base import THREADS, Conformance, at_once
from contextkit.testing.conformance.values import BAD_IDS, JSON, LAWS, ODD_IDS, ODD_TEXTS, fresh, named, near


class Tool:
    """A tool that counts its calls."""

    def __init__(self, result: Any = "result", seconds: float = 0) -> None:
        self.calls = 0
        self._result = result
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            self.calls += 1
        time.sleep(self._seconds)
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result


class ToolCacheConformance(Conformance):
    """Results of calls that need not be made again."""

    def test_a_result_is_made_once(self, store: ToolCache, actor: str) -> None:
        tool = Tool({"temperature": 21.5})
        for _ in range(3):
            assert store.get_or_call("weather", {"city": "Bern"}, tool, actor_id=actor) == {"temperature": 21.5}
        assert tool.calls == 1

    def test_none_is_a_result(self, store: ToolCache, actor: str) -> None:
        tool = Tool(None)
        assert [store.get_or_call("t", {}, tool, actor_id=actor) for _ in range(2)] == [None, None]
        assert tool.calls == 1

    def test_a_result_is_the_callers_own(self, store: ToolCache, actor: str) -> None:
        store.get_or_call("t", {}, lambda: {"list": [1]}, actor_id=actor)["list"].append(2)
        assert store.get_or_call("t", {}, Tool(), actor_id=actor) == {"list": [1]}

    def test_the_order_of_arguments_does_not_matter(self, store: ToolCache, actor: str) -> None:
        store.get_or_call("t", {"a": 1, "b": {"c": 2, "d": 3}}, Tool("first"), actor_id=actor)
        again = store.get_or_call("t", {"b": {"d": 3, "c": 2}, "a": 1.0}, Tool("second"), actor_id=actor)
        assert again == "first"

    @pytest.mark.parametrize(
        "arguments",
        [{}, {"a": 2}, {"a": "1"}, {"a": True}, {"a": None}, {"a": [1]}, {"A": 1}, {"a": 1, "b": None}, {"a": 1.5}],
        ids=named,
    )
    def test_other_arguments_are_another_call(self, store: ToolCache, actor: str, arguments: dict[str, Any]) -> None:
        store.get_or_call("t", {"a": 1}, Tool("first"), actor_id=actor)
        assert store.get_or_call("t", arguments, Tool("second"), actor_id=actor) == "second"

    def test_actors_tools_and_versions_are_apart(self, store: ToolCache, actor: str) -> None:
        name = fresh()
        places = [
            (name, actor, "1"),
            (name, actor, "2"),
            (name, actor + "'s neighbour", "1"),
            (name, None, "1"),
            (name + "#", actor, "1"),
            (name, "*" + actor, "1"),
        ]
        for number, (tool, tenant, version) in enumerate(places):
            made = store.get_or_call(tool, {}, Tool(number), actor_id=tenant, version=version)
            assert made == number
        for number, (tool, tenant, version) in enumerate(places):
            assert store.get_or_call(tool, {}, Tool(), actor_id=tenant, version=version) == number

    @LAWS
    @given(result=JSON)
    def test_any_result_comes_back_equal(self, store: ToolCache, actor: str, result: Any) -> None:
        name = fresh()
        assert store.get_or_call(name, {}, lambda: result, actor_id=actor) == result
        assert store.get_or_call(name, {}, Tool("not called"), actor_id=actor) == result

    @LAWS
    @given(arguments=st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-9, 9) | st.floats(0, 1)))
    def test_any_arguments_find_their_result(self, store: ToolCache, actor: str, arguments: dict[str, Any]) -> None:
        name, tool = fresh(), Tool()
        for _ in range(2):
            store.get_or_call(name, arguments, tool, actor_id=actor)
        assert tool.calls == 1

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=named)
    def test_text_of_a_result_comes_back_equal(self, store: ToolCache, actor: str, text: str) -> None:
        store.get_or_call("t", {}, lambda: text, actor_id=actor)
        assert store.get_or_call("t", {}, Tool("not called"), actor_id=actor) == text

    @pytest.mark.parametrize("result", [object(), float("nan"), {1, 2}, b"bytes"], ids=named)
    def test_a_result_that_is_not_json_is_refused(self, store: ToolCache, actor: str, result: Any) -> None:
        with pytest.raises(InvalidInput):
            store.get_or_call("t", {}, lambda: result, actor_id=actor)
        assert store.get_or_call("t", {}, Tool("good"), actor_id=actor) == "good"

    @pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}, b"bytes"], ids=named)
    def test_arguments_that_are_not_json_are_refused(self, store: ToolCache, actor: str, value: Any) -> None:
        tool = Tool()
        with pytest.raises(InvalidInput):
            store.get_or_call("t", {"a": value}, tool, actor_id=actor)
        assert tool.calls == 0

    def test_a_failure_is_raised_and_not_kept(self, store: ToolCache, actor: str) -> None:
        with pytest.raises(ZeroDivisionError):
            store.get_or_call("t", {}, lambda: 1 // 0, actor_id=actor)
        assert store.get_or_call("t", {}, Tool("good"), actor_id=actor) == "good"

    def test_an_interrupted_call_is_not_kept(self, store: ToolCache, actor: str) -> None:
        with pytest.raises(KeyboardInterrupt):
            store.get_or_call("t", {}, Tool(KeyboardInterrupt()), actor_id=actor)
        assert store.get_or_call("t", {}, Tool("good"), actor_id=actor) == "good"

    def test_a_result_expires(self, store: ToolCache, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        ttl = timedelta(minutes=10)
        store.get_or_call("t", {}, Tool("first"), actor_id=actor, ttl=ttl)
        clock.advance(ttl - timedelta(seconds=1))
        assert store.get_or_call("t", {}, Tool("second"), actor_id=actor, ttl=ttl) == "first"
        clock.advance(timedelta(seconds=1))
        assert store.get_or_call("t", {}, Tool("second"), actor_id=actor, ttl=ttl) == "second"

    def test_a_number_of_seconds_is_no_ttl(self, store: ToolCache, actor: str) -> None:
        tool = Tool()
        with pytest.raises(InvalidInput):
            store.get_or_call("tool", {}, tool, actor_id=actor, ttl=60)  # type: ignore[arg-type]
        assert tool.calls == 0

    def test_a_tool_is_forgotten_for_one_tenant(self, store: ToolCache, actor: str) -> None:
        name = fresh()
        places = [(name, actor), (name, None), (name + "2", actor)]
        for tool, tenant in places:
            store.get_or_call(tool, {"a": 1}, Tool("first"), actor_id=tenant)
            store.get_or_call(tool, {"a": 1}, Tool("first"), actor_id=tenant, version="2")
        store.forget_tool(name, actor_id=actor)
        again = [store.get_or_call(tool, {"a": 1}, Tool("again"), actor_id=tenant) for tool, tenant in places]
        assert again == ["again", "first", "first"]
        assert store.get_or_call(name, {"a": 1}, Tool("again"), actor_id=actor, version="2") == "again"

    def test_forgetting_what_is_not_there_is_no_error(self, store: ToolCache, actor: str) -> None:
        store.forget_tool("never called", actor_id=actor)
        assert store.get_or_call("never called", {}, Tool("x"), actor_id=actor) == "x"

    def test_threads_share_one_call(self, store: ToolCache, actor: str) -> None:
        tool = Tool("result", seconds=0.05)
        assert at_once(lambda _: store.get_or_call("t", {}, tool, actor_id=actor)) == ["result"] * THREADS
        assert tool.calls == 1

    def test_threads_share_a_failure(self, store: ToolCache, actor: str) -> None:
        tool = Tool(ValueError("no such city"), seconds=0.05)

        def call(_: int) -> str:
            with pytest.raises(ValueError, match="no such city") as raised:
                store.get_or_call("t", {}, tool, actor_id=actor)
            return str(raised.value)

        assert at_once(call) == ["no such city"] * THREADS
        assert 1 <= tool.calls < THREADS

    def test_other_calls_do_not_wait(self, store: ToolCache, actor: str) -> None:
        begun, go = threading.Event(), threading.Event()

        def slow() -> str:
            begun.set()
            assert go.wait(10)
            return "slow"

        def work(thread: int) -> Any:
            if thread == 0:
                return store.get_or_call("t", {"a": 0}, slow, actor_id=actor)
            assert begun.wait(10)
            quick = store.get_or_call("t", {"a": 1}, Tool("quick"), actor_id=actor)
            go.set()
            return quick

        assert at_once(work, threads=2) == ["slow", "quick"]

    @pytest.mark.parametrize("odd", ODD_IDS, ids=named)
    def test_any_name_of_a_tool_is_itself(self, store: ToolCache, actor: str, odd: str) -> None:
        tool = Tool()
        for _ in range(2):
            store.get_or_call(odd, {}, tool, actor_id=near(actor, odd), version=odd)
        assert tool.calls == 1

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_ids_of_tools_are_refused(self, store: ToolCache, actor: str, bad: Any) -> None:
        tool = Tool()
        with pytest.raises(InvalidId):
            store.get_or_call(bad, {}, tool, actor_id=actor)
        with pytest.raises(InvalidId):
            store.get_or_call("t", {}, tool, actor_id="" if bad is None else bad)
        assert tool.calls == 0
