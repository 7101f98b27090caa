"""An emulator of Amazon Bedrock AgentCore Memory: both planes over real HTTP, for an unmodified boto3 client.

    with AgentCoreEmulator() as server:
        control = boto3.client("bedrock-agentcore-control", endpoint_url=server.url, region_name="us-east-1")
        memory = control.create_memory(name="mine", eventExpiryDuration=30)["memory"]
        data = boto3.client("bedrock-agentcore", endpoint_url=server.url, region_name="us-east-1")
        data.create_event(memoryId=memory["id"], …)
        assert [call.operation for call in server.calls] == ["CreateMemory", "CreateEvent"]

A program that is not to be changed finds it by `AWS_ENDPOINT_URL`. `contextkit emulate agentcore` serves it
on its own. As a fixture, for one server in all tests and nothing left from one to the next:

    @pytest.fixture(scope="session")
    def agentcore():
        with AgentCoreEmulator(Behaviour(extraction_delay=timedelta(0))) as server:
            yield server

    @pytest.fixture(autouse=True)
    def _afresh(agentcore):
        agentcore.reset()

Requests are checked against botocore's own service models, in all that botocore leaves to the service:
maximums, patterns and enums, too. So are the answers. Events become records by the project's own memory
engine, and searches are ranked by its own ranking.

What is not here: signatures and IAM (any credentials will do), the delivery to self-managed strategies and to
streams, metadata inferred by a model, and the quota on tokens of extraction.
"""

from contextkit.testing.agentcore.behaviour import Behaviour
from contextkit.testing.agentcore.calls import Call, Fault, Plan, no_fault
from contextkit.testing.agentcore.emulator import AgentCoreEmulator
from contextkit.testing.agentcore.engine import Engine, Engines, rule_engine
from contextkit.testing.agentcore.quotas import Quotas
from contextkit.testing.clock import ManualClock

__all__ = [
    "AgentCoreEmulator",
    "Behaviour",
    "Call",
    "Engine",
    "Engines",
    "Fault",
    "ManualClock",
    "Plan",
    "Quotas",
    "no_fault",
    "rule_engine",
]
