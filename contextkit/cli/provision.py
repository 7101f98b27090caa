"""`contextkit provision`: what must be there before an agent runs, as a template or put in place.

As in every command about AWS, what loads boto3 is imported when the command runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contextkit.cli.screen import note, write_json
from contextkit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contextkit.aws.provisioning.deploy import Deployed
    from contextkit.aws.provisioning.plan import Cluster, Plan
    from contextkit.memory.strategy import MemoryStrategy

provision = typer.Typer(help="Write what must be there before an agent runs as CloudFormation, or put it in place.")

CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 5.0, 30.0, 5
"""Patience of the clients that put things in place: nobody waits for a prompt here."""


@provision.callback(invoke_without_command=True)
def tables(
    ctx: typer.Context,
    prefix: Annotated[str, typer.Option(metavar="P", help="Stands before the names of the tables.")] = "",
    regions: Annotated[
        list[str] | None, typer.Option("--region", metavar="R", help="Global tables: home first; repeat it.")
    ] = None,
    strong: Annotated[
        bool, typer.Option("--strong", help="Three regions that are the same at any time, without TTL.")
    ] = False,
    witness: Annotated[
        str | None, typer.Option(metavar="R", help="With --strong: the third of three regions, which holds no copy.")
    ] = None,
    vectors: Annotated[
        int | None, typer.Option("--vectors", metavar="N", help="A vector index of the memories, of N dimensions.")
    ] = None,
    recovery: Annotated[bool, typer.Option(help="Point-in-time recovery.")] = True,
    protection: Annotated[bool, typer.Option(help="Protection against deletion.")] = True,
    keys: Annotated[
        list[str] | None,
        typer.Option("--kms-key", metavar="ARN", help="A KMS key for each region, or `create`; else Amazon's own."),
    ] = None,
    dax_subnets: Annotated[
        list[str] | None, typer.Option("--dax-subnet", metavar="ID", help="A DAX cluster there; repeat it.")
    ] = None,
    dax_groups: Annotated[
        list[str] | None, typer.Option("--dax-security-group", metavar="ID", help="Who may talk to it.")
    ] = None,
    dax_node: Annotated[
        str | None, typer.Option(metavar="TYPE", help="The type of its nodes; else dax.t3.small.")
    ] = None,
    dax_nodes: Annotated[int | None, typer.Option(metavar="N", help="How many; else 3.")] = None,
    alarms: Annotated[bool, typer.Option(help="CloudWatch alarms.")] = True,
    topic: Annotated[str | None, typer.Option("--alarm-topic", metavar="ARN", help="The SNS topic they tell.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Put it in place with CloudFormation, and wait.")] = False,
    stack: Annotated[str, typer.Option(metavar="NAME", help="The stack; else named after the prefix.")] = "",
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="Create the tables directly on a local server instead.")
    ] = "",
) -> None:
    """Write the tables as CloudFormation to standard output; with --apply or --endpoint, put them in place."""
    if ctx.invoked_subcommand is not None:
        return
    from contextkit.aws.provisioning.deploy import deploy, stack_name
    from contextkit.aws.provisioning.plan import Plan
    from contextkit.aws.provisioning.template import template

    _needs(
        "--dax-subnet",
        dax_subnets,
        {"--dax-security-group": dax_groups, "--dax-node": dax_node, "--dax-nodes": dax_nodes},
    )
    _needs("--alarms", alarms, {"--alarm-topic": topic})
    _needs("--apply", apply, {"--stack": stack})
    plan = Plan(
        prefix=prefix,
        regions=tuple(regions or ()),
        consistency="strong" if strong else "eventual",
        witness=witness,
        dimensions=vectors,
        recovery=recovery,
        protection=protection,
        keys=tuple(keys or ()),
        cluster=_cluster(dax_subnets, dax_groups, dax_node, dax_nodes) if dax_subnets else None,
        alarms=alarms,
        topic=topic,
    )
    if apply and endpoint:
        raise InvalidInput(
            "--apply and --endpoint are two ways.", "Pass --apply for Amazon's servers, --endpoint for a local one."
        )
    if endpoint:
        _create(plan, endpoint)
    elif apply:
        say(deploy(template(plan), stack or stack_name(prefix), _cloudformation(plan), protection=protection))
    else:
        write_json(template(plan))


def _needs(option: str, given: object, others: Mapping[str, object]) -> None:
    """Raise for an option that would do nothing, since another was not given."""
    for name, value in others.items():
        if value and not given:
            raise InvalidInput(f"{name} does nothing without {option}.", f"Pass {option} too, or leave it out.")


def _cluster(subnets: list[str], groups: list[str] | None, node: str | None, nodes: int | None) -> Cluster:
    from contextkit.aws.provisioning.plan import Cluster

    chosen = Cluster(subnets=tuple(subnets), security_groups=tuple(groups or ()))
    return replace(chosen, node=node or chosen.node, nodes=chosen.nodes if nodes is None else nodes)


def _create(plan: Plan, endpoint: str) -> None:
    from contextkit.stores.dynamodb.failures import translated
    from contextkit.stores.dynamodb.inspection import inspect_tables
    from contextkit.stores.dynamodb.schema import create_tables

    where = f"DynamoDB at {endpoint}"
    client = patient("dynamodb", region=plan.regions[0] if plan.regions else None, endpoint=endpoint)
    with translated(where):
        names = create_tables(client, plan.prefix, dimensions=plan.dimensions)
    inspect_tables(client, plan.prefix, where, expiry=False, dimensions=plan.dimensions)  # some were there before
    note(f"{', '.join(names)} are there.")


def _cloudformation(plan: Plan) -> Any:
    return patient("cloudformation", region=plan.regions[0] if plan.regions else None)


def patient(service: str, *, region: str | None = None, endpoint: str | None = None) -> Any:
    """A client that waits longer than one for prompts. Raises `StoreUnavailable` where there is no region."""
    from contextkit.aws.client import new_client
    from contextkit.stores.dynamodb.failures import translated

    with translated(service):
        return new_client(
            service,
            region=region,
            endpoint=endpoint,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            attempts=ATTEMPTS,
        )


def say(deployed: Deployed) -> None:
    """What became of a stack to standard error, its outputs to standard output."""
    note(f"The stack {deployed.stack!r} is {deployed.change}.")
    write_json(dict(deployed.outputs))


@provision.command("agentcore")
def agentcore(
    name: Annotated[str, typer.Option(metavar="NAME", help="The memory's name.")],
    strategies: Annotated[
        list[str] | None,
        typer.Option("--strategy", metavar="S", help="A memory strategy's name, or a TOML file; else all that ship."),
    ] = None,
    event_days: Annotated[int, typer.Option(metavar="N", help="How long events are kept.")] = 90,
    model: Annotated[str, typer.Option(metavar="ID", help="The Bedrock model of strategies that name none.")] = "",
    role: Annotated[str | None, typer.Option(metavar="ARN", help="What AgentCore calls that model with.")] = None,
    key: Annotated[str | None, typer.Option("--kms-key", metavar="ARN", help="A KMS key; else Amazon's own.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Make the memory now, and wait for it.")] = False,
    endpoint: Annotated[str, typer.Option(metavar="URL", help="The same, on an emulator.")] = "",
) -> None:
    """Write an AgentCore memory as CloudFormation; with --apply or --endpoint, make it.

    Its strategies are those that contextkit can run itself: the same files drive both.
    """
    from contextkit.aws.provisioning.agentcore import MemoryPlan
    from contextkit.aws.provisioning.agentcore_create import create_memory
    from contextkit.aws.provisioning.agentcore_template import memory_template

    chosen = tuple(_strategies(strategies, model))
    plan = MemoryPlan(name=name, strategies=chosen, event_days=event_days, model=model, role=role, key=key)
    if not (apply or endpoint):
        write_json(memory_template(plan))
        return
    made = create_memory(plan, patient("bedrock-agentcore-control", endpoint=endpoint or None))
    note(f"The memory {made.id} is {'made' if made.is_new else 'there already, and left as it was'}.")
    write_json({"MemoryId": made.id, "MemoryArn": made.arn})


def _strategies(names: list[str] | None, model: str) -> Iterator[MemoryStrategy]:
    """Those named; else all that ship, but for examples, and for those that lack a model."""
    from contextkit.memory.strategy import MemoryStrategy, memory_strategy_names

    if names:
        yield from map(MemoryStrategy.load, names)
        return
    for strategy in map(MemoryStrategy.load, memory_strategy_names()):
        if strategy.managed is not None and not strategy.variables and (model or not strategy.managed.override):
            yield strategy
