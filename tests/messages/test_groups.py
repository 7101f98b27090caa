from hypothesis import given
from hypothesis import strategies as st

from contextkit.messages import Group, groups, unanswered
from contextkit.types import Message, ToolCall


def user() -> Message:
    return Message(role="user", content="?")


def calls(*ids: str) -> Message:
    return Message(role="assistant", tool_calls=tuple(ToolCall(id_, "t", "{}") for id_ in ids))


def result(id_: str) -> Message:
    return Message(role="tool", content="!", tool_call_id=id_)


some_messages = st.lists(
    st.one_of(
        st.builds(user),
        st.sets(st.sampled_from("abc")).map(lambda ids: calls(*sorted(ids))),
        st.sampled_from("abc").map(result),
    ),
    max_size=12,
)


def test_a_call_and_its_results_are_one_group() -> None:
    found = groups([user(), calls("a", "b"), result("b"), result("a"), user()])
    assert found == [Group(0, 1), Group(1, 4), Group(4, 5)]
    assert all(group.whole for group in found)


def test_a_call_without_all_its_results_names_the_missing_ones() -> None:
    assert groups([calls("a", "b"), result("a"), user()]) == [Group(0, 2, missing=("b",)), Group(2, 3)]


def test_a_result_without_its_call_is_an_orphan() -> None:
    assert groups([result("a"), user(), result("b")]) == [
        Group(0, 1, orphans=(0,)),
        Group(1, 2),
        Group(2, 3, orphans=(2,)),
    ]


def test_a_second_or_a_foreign_result_is_an_orphan_inside_its_group() -> None:
    messages = [calls("a", "b"), result("a"), result("a"), result("x"), result("b")]
    assert groups(messages) == [Group(0, 5, orphans=(2, 3))]


def test_a_result_that_comes_again_does_not_tear_what_was_whole() -> None:
    messages = [calls("a", "b"), result("b"), result("a"), result("b"), user()]
    assert groups(messages) == [Group(0, 3), Group(3, 4, orphans=(3,)), Group(4, 5)]


def test_a_result_behind_another_message_answers_nothing() -> None:
    found = groups([calls("a"), user(), result("a")])
    assert found == [Group(0, 1, missing=("a",)), Group(1, 2), Group(2, 3, orphans=(2,))]


@given(some_messages)
def test_groups_cover_the_list_in_order_without_gaps(messages: list[Message]) -> None:
    covered = [index for group in groups(messages) for index in range(group.start, group.stop)]
    assert covered == list(range(len(messages)))


@given(some_messages, some_messages)
def test_appending_changes_no_group_but_the_last(before: list[Message], after: list[Message]) -> None:
    settled = groups(before)[:-1]
    assert groups(before + after)[: len(settled)] == settled


@given(some_messages)
def test_each_call_is_answered_once_or_missing_and_each_result_answers_or_is_an_orphan(messages: list[Message]) -> None:
    for group in groups(messages):
        members = range(group.start, group.stop)
        asked = [call.id for call in messages[group.start].tool_calls]
        answered = [messages[i].tool_call_id for i in members if messages[i].role == "tool" and i not in group.orphans]
        assert sorted([*group.missing, *map(str, answered)]) == sorted(asked)


def test_the_newest_calls_without_a_result_are_unanswered() -> None:
    def of(*messages: Message) -> list[str]:
        return [call.id for call in unanswered(messages)]

    assert of() == of(user()) == of(user(), calls("a"), result("a")) == []
    assert of(user(), calls("a", "b", "c"), result("b")) == ["a", "c"]
    assert of(calls("a", "b"), result("a"), user(), user()) == ["b"]
    assert of(calls("a", "b"), user(), result("b"), user()) == ["a"]
    assert of(calls("a"), user(), Message(role="assistant", content="Yes?"), user()) == [], "too late"
    assert of(calls("a"), calls("b"), result("b")) == []
