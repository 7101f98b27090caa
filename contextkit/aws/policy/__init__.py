"""Policies: what a role may do to an agent's data, and nothing beside it, as IAM documents.

* `estate`: which tables, bucket, key, cluster and memory there are
* `scope`: whose data a role may reach
* `roles`: the document of each role
* `tables`, `others`, `memory`: its statements
"""
