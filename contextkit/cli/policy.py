"""`contextkit policy`: what a role may do, as an IAM document. What loads boto3 is imported when it runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from contextkit.cli.screen import note, write_json
from contextkit.errors import InvalidInput

if TYPE_CHECKING:
    from contextkit.aws.policy.scope import Scope


class RoleName(StrEnum):
    """The roles, as the command line takes them."""

    runtime = "runtime"
    eraser = "eraser"
    admin = "admin"


TAG: Final = "actor"
"""The tag that names the actor where nothing else is said."""

_LEDGER: Final = (
    "In the store beside AgentCore, AgentCoreStore notes what it has to deliver of any actor. "
    "If these tables are that store, its roles need --all-actors."
)


def policy(
    role: Annotated[RoleName, typer.Option(help="An agent at work; whoever erases; whoever looks after it.")],
    account: Annotated[str, typer.Option(metavar="ID", help="The twelve digits of the account.")],
    regions: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="R", help="Where the tables are; else your own region."),
    ] = None,
    prefix: Annotated[str, typer.Option(metavar="P", help="Stands before the names of the tables.")] = "",
    actor: Annotated[str, typer.Option(metavar="ID", help="One actor's data.")] = "",
    actor_tag: Annotated[
        str, typer.Option(metavar="TAG", help=f"The data of the actor whom this tag of the role names; else `{TAG}`.")
    ] = "",
    all_actors: Annotated[
        bool, typer.Option("--all-actors", help="Everybody's data, for a service that keeps actors apart itself.")
    ] = False,
    shared_tools: Annotated[
        bool, typer.Option("--shared-tools", help="A runtime: and cached results that all actors share.")
    ] = False,
    bucket: Annotated[str | None, typer.Option(metavar="NAME", help="The bucket for large payloads.")] = None,
    keys: Annotated[list[str] | None, typer.Option("--kms-key", metavar="ARN", help="A KMS key; repeat it.")] = None,
    vectors: Annotated[bool, typer.Option("--vectors", help="The memories' vector index; needs --all-actors.")] = False,
    dax: Annotated[str | None, typer.Option(metavar="ARN", help="A DAX cluster; needs --all-actors.")] = None,
    agentcore: Annotated[str | None, typer.Option(metavar="ARN", help="An AgentCore memory.")] = None,
    namespaces: Annotated[
        list[str] | None,
        typer.Option("--namespace", metavar="T", help="A namespace template of its strategies; else the shipped ones."),
    ] = None,
) -> None:
    """Print the IAM policy of a role: the calls it makes, on the keys of those it serves, and no more."""
    from contextkit.aws.policy import memory, roles
    from contextkit.aws.policy.estate import Estate

    if shared_tools and role is not RoleName.runtime:
        raise InvalidInput(
            f"--shared-tools does nothing for the role {role.value}.",
            "Leave it out: an admin reads what all actors share in any case, and so does an eraser for all of them.",
            value=role.value,
        )
    if namespaces and not (agentcore and role is not RoleName.admin):
        raise InvalidInput(
            "--namespace does nothing without --agentcore, and for the role admin.", "Leave it out.", value=namespaces
        )
    estate = Estate(
        account=account,
        regions=tuple(regions or _regions()),
        prefix=prefix,
        bucket=bucket,
        vectors=vectors,
        keys=tuple(keys or ()),
        cluster=dax,
        memory=agentcore,
    )
    scope = _scope(actor, actor_tag, all_actors)
    document = roles.policy(
        role.value, scope, estate, shared_tools=shared_tools, namespaces=namespaces or memory.SHIPPED
    )
    if agentcore and scope.is_one:
        note(_LEDGER)
    write_json(document)


def _scope(actor: str, tag: str, everybody: bool) -> Scope:
    from contextkit.aws.policy.scope import Scope

    if (bool(actor), bool(tag), everybody).count(True) > 1:
        raise InvalidInput("Whose data is said twice.", "Pass one of --actor, --actor-tag and --all-actors.")
    if actor:
        return Scope.actor(actor)
    return Scope.everybody() if everybody else Scope.tagged(tag or TAG)


def _regions() -> list[str]:
    from contextkit.aws.client import default_region
    from contextkit.stores.dynamodb.failures import translated

    with translated("DynamoDB"):
        region = default_region()
    return [region] if region else []
