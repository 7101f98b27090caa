"""An emulator of Amazon Bedrock AgentCore Memory: both planes over real HTTP, for an unmodified boto3 client.

    with AgentCoreEmulator() as server:
        control = boto3.client("bedrock-agentcore-control", endpoint_url=server.url, region_name="us-east-1")
        memory = control.create_memory(name="mine", eventExpiryDuration=30)["memory"]
        data = boto3.client("bedrock-agentcore", endpoint_url=server.url, region_name="us-east-1")
        data.create_event(memoryId=memory["id"], …)
        assert [call.operation for call in server.calls] == ["CreateMemory", "CreateEvent"]

Requests are checked against botocore's own service models, and so are the answers. Requests are not
authenticated: any credentials will do.
"""

from contextkit.testing.agentcore.behaviour import Behaviour
from contextkit.testing.agentcore.calls import Call, Fault
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
    "Quotas",
    "rule_engine",
]
