"""A small world to try contextkit on: fourteen months of a café owner and a supplier's assistant.

Inês Carvalho runs Café Andorinha in Göteborg; Otis answers for Tamper & Tide, who sell coffee
machines from Rotterdam. Everybody and everything in it is invented and was written for this
project. `load()` gives all of it, typed:

* one conversation of 29 visits and 468 messages, with 105 tool calls; one result is over 200 KB;
* 60 tools, of which a given turn needs two or three;
* 80 documents, six of which try prompt injection;
* memories (some superseded, some of which say what a message or a document says too) and
  preferences;
* 20 questions with their answers, and where in all this the answers stand.
"""

from contextkit.demo.data import ACTOR_ID, SESSION_ID, SYSTEM_PROMPT, Demo, load
from contextkit.demo.document import Page
from contextkit.demo.question import Evidence, Question
from contextkit.demo.shipment import shipment_events

__all__ = [
    "ACTOR_ID",
    "SESSION_ID",
    "SYSTEM_PROMPT",
    "Demo",
    "Evidence",
    "Page",
    "Question",
    "load",
    "shipment_events",
]
