"""What is told anew from an edited message on."""

from __future__ import annotations

from contextkit.adapters.edits import is_reworded, told_anew
from contextkit.types import Message


def said(*words: str) -> list[Message]:
    return [Message(role="user", content=word, id=word[0]) for word in words]


def test_results_of_tools_are_no_edits() -> None:
    one, other = said("a", "a, edited")
    assert is_reworded(one, other)
    assert not is_reworded(one, one)
    cleared = [Message(role="tool", content=text, tool_call_id="c1") for text in ("All of it.", "[cleared]")]
    assert not is_reworded(*cleared)


def test_what_was_said_before_the_edit_gets_another_id_each_time_the_same() -> None:
    first = told_anew(said("b, edited", "c", "d"), {"b": 2, "c": 3})
    assert [one.content for one in first] == ["b, edited", "c", "d"]
    copy, follower, new = (one.id or "" for one in first)
    assert copy.startswith("b~")
    assert follower == copy.replace("b", "c")
    assert new == "d"
    there = {"b": 2, "c": 3, copy: 4, follower: 5, "d": 6}
    assert [one.id for one in told_anew(said("b, edited", "c", "d", "e"), there)] == [copy, follower, "d", "e"]
    assert told_anew(said("b, otherwise", "c"), there)[0].id not in there
