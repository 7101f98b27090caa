"""For tests of one's own: conformance suites for stores, a proxy that fails, an AgentCore Memory on this machine."""
