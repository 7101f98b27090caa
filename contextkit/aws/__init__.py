"""Amazon Web Services: the clients that the stores share, and what is done before and after they are used.

* `client`, `failures`: clients that fail soon enough, and their errors told as contextkit's
* `provisioning`: tables and memories, before an agent runs
* `policy`: what a role may do to them
* `prices`, `loads`, `cost`: what they cost
"""
