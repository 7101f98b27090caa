"""`contextkit emulate`: stand-ins for services of the cloud, on this machine."""

from __future__ import annotations

import signal
import threading
from datetime import timedelta
from typing import Annotated, Final

import typer

from contextkit.cli.screen import note
from contextkit.errors import InvalidInput

LONGEST: Final = 86_400
"""Seconds of a delay: a day."""

emulate = typer.Typer(help="Stand in for a service of the cloud, on this machine.", no_args_is_help=True)


@emulate.callback()
def _default() -> None:
    pass


@emulate.command()
def agentcore(
    port: Annotated[int, typer.Option(metavar="N", help="Where to listen; 0: a free port.", min=0, max=65_535)] = 0,
    extraction_delay: Annotated[
        float, typer.Option(metavar="SECONDS", help="From an event to the records made of it.", min=0, max=LONGEST)
    ] = 20,
    creation_delay: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long a new memory is CREATING.", min=0, max=LONGEST)
    ] = 0,
    quotas: Annotated[bool, typer.Option("--quotas", help="Refuse more calls a second than the service does.")] = False,
) -> None:
    """AgentCore Memory, data plane and control plane, for any AWS client that takes an endpoint.

    Prints its URL, and serves until it is interrupted. What it holds is in memory, and gone after that.
    """
    from contextkit.testing.agentcore import AgentCoreEmulator, Behaviour, Quotas

    behaviour = Behaviour(
        extraction_delay=timedelta(seconds=extraction_delay),
        creation_delay=timedelta(seconds=creation_delay),
        quotas=Quotas() if quotas else None,
    )
    try:
        server = AgentCoreEmulator(behaviour, port=port)
    except OSError as error:
        raise InvalidInput(
            f"Port {port} cannot be listened on: {error.strerror or error}.",
            "Choose another with --port, or 0 for a free one.",
            value=port,
        ) from None
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with server:
        note(
            "Serving bedrock-agentcore and bedrock-agentcore-control; Ctrl-C ends it.\n"
            f"To make a memory in it: contextkit provision agentcore --name mine --endpoint {server.url}\n"
            f"For other programs: export AWS_ENDPOINT_URL_BEDROCK_AGENTCORE={server.url} "
            f"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL={server.url}"
        )
        typer.echo(server.url)  # last: whoever reads it may go on, or end us
        ended.wait()
