"""Provisioning: what must be there before an agent runs, as CloudFormation. Nothing here is called at run time.

* `plan`: which tables are wanted, and whether they can be had
* `template`: the whole template of a plan; `tables`, `keys`, `dax` and `alarms` are its resources
* `deploy`: a template put in place through CloudFormation
* `agentcore`: an AgentCore memory from memory strategies; `agentcore_template` writes it down,
  `agentcore_create` makes it
"""
