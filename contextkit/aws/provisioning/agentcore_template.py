"""The CloudFormation template of an AgentCore memory, with the role that its own models are called with."""

from __future__ import annotations

from typing import Any

from contextkit.aws.provisioning.agentcore import MemoryPlan, create_request
from contextkit.aws.provisioning.template import VERSION

MEMORY, ROLE = "Memory", "MemoryRole"


def memory_template(plan: MemoryPlan) -> dict[str, Any]:
    """The memory, and a role for it where strategies bring a model and the plan brings no role."""
    makes_role = bool(plan.models) and plan.role is None
    properties = _capitalised(create_request(plan))
    if makes_role:
        properties["MemoryExecutionRoleArn"] = {"Fn::GetAtt": [ROLE, "Arn"]}
    memory = {
        "Type": "AWS::BedrockAgentCore::Memory",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }
    role = {ROLE: {"Type": "AWS::IAM::Role", "Properties": _role(plan.models)}} if makes_role else {}
    return {
        "AWSTemplateFormatVersion": VERSION,
        "Description": f"What contextkit's agents remember, in the AgentCore memory {plan.name}",
        "Resources": {MEMORY: memory, **role},
        "Outputs": {
            "MemoryId": {"Description": "For AgentCoreStore", "Value": {"Fn::GetAtt": [MEMORY, "MemoryId"]}},
            "MemoryArn": {"Description": "For contextkit policy", "Value": {"Fn::GetAtt": [MEMORY, "MemoryArn"]}},
        },
    }


def _role(models: list[str]) -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    calls = {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": [_model_arn(model) for model in models]}
    return {
        "Description": "Lets AgentCore call the models of the memory's own strategies",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "call-models", "PolicyDocument": {"Version": "2012-10-17", "Statement": [calls]}}],
    }


def _model_arn(model: str) -> Any:
    """The model's ARN. A model id belongs to no account."""
    if model.startswith("arn:"):
        return model
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:bedrock:${{AWS::Region}}::foundation-model/{model}"}


def _capitalised(value: Any) -> Any:
    """The API's request as CloudFormation's properties: the same, with keys that begin with a capital."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: _capitalised(inner) for key, inner in value.items()}
    return [_capitalised(inner) for inner in value] if isinstance(value, list) else value
