"""Messages out: one prompt in the shape of each provider's request.

`openai`, `responses`, `anthropic` and `converse` give plain dicts, ready to be passed to the
provider's own client as keyword arguments; `langchain` gives LangChain messages. What they have in common:

* All text is made encodable as UTF-8: a lone surrogate leaves as U+FFFD.
* Nothing they give shares a mutable part with the messages it was made from.
* What another provider's servers did in an earlier answer is told in words (`contextkit.render.told`): a session may
  change its provider.
* What a provider would answer with an error is refused here, with `InvalidMessage` or `InvalidTool`.
"""
