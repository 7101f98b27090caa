"""Provisioning: what must be there before an agent runs, as CloudFormation. Nothing here is called at run time.

* `plan`: what is wanted, and whether it can be had
* `template`: the whole template of a plan
* `tables`, `dax`, `alarms`, `keys`: its resources
* `deploy`: a template put in place through CloudFormation
"""
