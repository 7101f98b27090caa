"""The rules that the other tests of policies stand on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.policy.iam import Asked, allowed

READ = Asked("s3:GetObject", "arn:b/k", {"k": ["a/b"]})


def document(**statement: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:b/*", **statement}]}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringLike": {"k": "a/*"}}, True),
        ({"StringLike": {"k": ["x", "a/?"]}}, True),
        ({"StringLike": {"k": "a/${*}"}}, False),
        ({"StringEquals": {"k": "a/*"}}, False),
        ({"StringLike": {"k": "${aws:PrincipalTag/t}/*"}}, True),
        ({"StringLike": {"k": "${aws:PrincipalTag/none}/*"}}, False),
        ({"StringLike": {"other": "*"}}, False),
        ({"StringLikeIfExists": {"other": "x"}}, True),
        ({"ForAllValues:StringLike": {"other": "x"}}, True),
        ({"ForAllValues:StringLike": {"other": "x"}, "Null": {"other": "false"}}, False),
        ({"ForAllValues:StringLike": {"k": "a/*"}, "Null": {"k": "false"}}, True),
    ],
)
def test_conditions(condition: dict[str, Any], holds: bool) -> None:
    assert allowed(document(Condition=condition), READ, {"t": "a"}) is holds


def test_all_values_must_match_and_a_tag_is_taken_literally() -> None:
    two = Asked(READ.action, READ.resource, {"k": ["a/b", "c/d"]})
    assert not allowed(document(Condition={"ForAllValues:StringLike": {"k": "a/*"}}), two)
    assert not allowed(document(Condition={"StringLike": {"k": "${aws:PrincipalTag/t}"}}), READ, {"t": "a*"})


def test_action_and_resource() -> None:
    assert allowed(document(), READ)
    assert not allowed(document(Action="s3:PutObject"), READ)
    assert not allowed(document(Resource="arn:c/*"), READ)
