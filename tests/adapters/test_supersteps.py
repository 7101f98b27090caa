"""Which tasks of a graph run beside each other, and what each of them leaves to the others."""

from __future__ import annotations

from typing import Any

from contextkit.adapters.supersteps import OVER, TASKS, SessionTasks, Task
from contextkit.apart import NOTHING


def task(*path: str, at: int = 0) -> Task:
    """A task of the outermost graph's superstep `at`, and of the first of each graph within it."""
    return Task(path, (str(at), *path[:-1]))


def test_a_task_is_known_by_the_config() -> None:
    config: Any = {"checkpoint_ns": "team:1|model:2", "checkpoint_map": {"": "c0", "team:1": "c1"}}
    assert Task.of({"configurable": config}) == Task(("team:1", "model:2"), ("c0", "c1"))
    assert Task.of({"configurable": {"thread_id": "t"}}) is None
    assert Task.of({}) is None


def test_tasks_of_one_superstep_are_beside_each_other_and_all_others_are_not() -> None:
    one = task("a:1", "model:2")
    assert one.parts_from(task("b:3", "model:4")) == 1
    assert one.parts_from(task("b:3", at=1)) == 0, "it comes later"
    assert one.parts_from(task("a:1", "tools:5")) == 2
    assert one.parts_from(Task(("a:1", "model:6"), ("0", "later"))) == 0
    assert one.parts_from(task("a:1")) == one.parts_from(one) == 0, "one within the other"
    assert Task(("a:1",), ("",)).parts_from(Task(("b:2",), ("",))) == 0, "nothing is known of their supersteps"


def say(tasks: SessionTasks, one: Task, *numbers: int, own: tuple[int, ...] = (), left: tuple[int, ...] = ()) -> None:
    tasks.said(one, {number: f"m{number}" for number in numbers}, frozenset((*own, *numbers)), frozenset(left))


def test_a_task_leaves_to_others_what_they_say_beside_it_and_what_its_state_left() -> None:
    tasks, a, b = SessionTasks(), task("a"), task("b")
    say(tasks, task("plan", at=-1), 1, 2)
    say(tasks, a, 3, own=(1,), left=(2,))
    assert tasks.apart(a).numbers == {2}
    assert tasks.apart(a).branch == ""
    assert tasks.apart(b) is NOTHING, "nothing is known of it"
    say(tasks, b, 4, 3)
    say(tasks, b, 5, own=(3, 4))
    assert (tasks.apart(a).numbers, tasks.apart(a).branch, tasks.apart(b).branch) == ({2, 4, 5}, "a", "b")
    assert tasks.apart(b).numbers == set(), "what its state has is its own, whoever said it first"
    say(tasks, task("last", at=1), 6, own=(1, 4))
    assert tasks.apart(task("last", at=1)).numbers == {3, 5}
    assert tasks.apart(task("last", at=1)).unheard == set()
    say(tasks, task("next", at=2), 7)
    assert tasks.apart(task("next", at=2)).numbers == {3, 5}, "what a conversation took up stays its own"


def test_a_session_that_begins_anew_has_no_tasks_of_the_one_before() -> None:
    tasks, a, b = SessionTasks(), task("a"), task("b")
    say(tasks, a, 1)
    say(tasks, b, 2)
    tasks.said(task("c", at=1), {1: "another"}, frozenset({1}), frozenset())
    say(tasks, task("d", at=1), 2)
    assert tasks.last == 2
    assert tasks.apart(task("c", at=1)).numbers == {2}
    assert tasks.apart(task("d", at=1)).numbers == {1}


def test_graphs_that_one_node_runs_are_beside_each_other_until_the_first_is_over() -> None:
    tasks = SessionTasks()
    first = Task(("node:1", "model:2"), ("0", "c1"))
    second, third = (Task(("node:1", number, f"model:{number}"), ("0", "", "c1")) for number in "12")
    say(tasks, first, 1)
    say(tasks, second, 2)
    tasks.over(first)
    say(tasks, third, 3)
    assert (tasks.apart(first).unheard, tasks.apart(first).branch) == ({2}, "node:1")
    assert (tasks.apart(second).numbers, tasks.apart(second).branch) == ({1, 3}, "node:1|1")
    assert tasks.apart(third).unheard == {2}, "the first was over"
    assert first.graphs_from(task("node:1", "tools:5")) is None
    assert first.graphs_from(task("other:6", "model:7")) is None


def test_what_is_known_of_a_session_s_tasks_is_bounded() -> None:
    tasks = SessionTasks()
    for number in range(1, TASKS + OVER):
        say(tasks, task(f"t{number}", at=number), number)
    assert len(tasks) == TASKS
    assert tasks.apart(task("t1", at=1)) is NOTHING
    assert tasks.apart(task(f"t{TASKS}", at=TASKS)) is not NOTHING
