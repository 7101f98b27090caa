"""What was decided about every piece of context, and why; as text, on a terminal, and as a page.

* `records`: the facts a build notes down (one `Decision` per item, and what surrounds them)
* `lazy`: sequences that are worked out when somebody looks, so that a build does not pay for them
* `report`: `Report`, which answers questions about those facts
* `diff`: what changed since the last prompt, and which part of it broke the provider's cache
* `layout`, `text`, `page`: how all this is drawn
"""

from contextkit.report.diff import Break, Change, Diff
from contextkit.report.lazy import Lazy
from contextkit.report.records import Decision, Notice, Part, SectionUse, SourceRun, SourceStatus
from contextkit.report.report import Report

__all__ = [
    "Break",
    "Change",
    "Decision",
    "Diff",
    "Lazy",
    "Notice",
    "Part",
    "Report",
    "SectionUse",
    "SourceRun",
    "SourceStatus",
]
