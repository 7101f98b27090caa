"""A customer's talk with a shop's support over months, made up from a seed: what is said, and what answers need.

The assistant looks up orders, parcels, invoices and tickets, whose JSON says far more than its brief answers repeat:
lists of all orders with their lines, logs of a parcel's scans. What is looked up changes from visit to visit: an order
is sent, late, and refunded. Orders have similar things in them and numbers that are alike, and the customer takes the
wrong one for the right one. From the fifth visit on some questions are about what was found out or said before.

Questions of odd seeds are worded otherwise than those of even ones, so that what is tuned on the ones can be tried on
the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from contextkit import Message
from contextkit.types import ToolCall

BEGAN = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
FIRST_ASKED = 5
"""The visit from which on questions are asked about the ones before."""

LONG_AGO = 100
"""Messages before which something was found out that counts as long ago."""

KINDS: Final = {
    "detail": "a detail that only the result of a tool told, more than a hundred messages ago",
    "deep": "the same, in a list of all orders or a log of 5 to 50 KB",
    "newest": "the newest state of what has changed since it was first looked up",
    "first": "which order the customer asked about first",
    "promised": "what the assistant promised, about something that the question names",
    "last week": "what the assistant promised, and when is all that the question says",
    "two results": "something of two orders, looked up apart",
    "corrected": "what the customer meant after all, not what was said first",
    "the other one": "a follow-up without a word of what it is about",
    "just read": "something in the result that was looked up for the question itself",
}

THINGS = (
    ("moka pot, 3 cups", "moka pot, 6 cups"),
    ("espresso cups, blue", "espresso cups, white"),
    ("hand grinder", "electric grinder"),
    ("gooseneck kettle, 0.6 l", "gooseneck kettle, 1 l"),
    ("paper filters, size 2", "paper filters, size 4"),
    ("glass carafe, 500 ml", "glass carafe, 750 ml"),
    ("tamper, 53 mm", "tamper, 58 mm"),
    ("milk jug, small", "milk jug, large"),
    ("kitchen scale", "pocket scale"),
    ("cold brew jar", "cold brew bag"),
)
PLACES = ("Leipzig", "Porto", "Rotterdam", "Lille", "Vigo", "Graz", "Aarhus", "Turin", "Brno", "Ghent")
STREETS = ("Rua das Flores", "Rua da Alegria", "Rua do Almada", "Rua das Taipas")
CARRIERS = (("DHL", "JD0146"), ("DPD", "0150"), ("GLS", "ZX77"))
STATES = ("packed", "sent", "delayed", "out for delivery", "delivered", "return announced", "refunded")
PROMISED = (
    "call you about the {thing} on {moment}",
    "have the {thing} checked and write to you by {moment}",
    "see to it that a new {thing} leaves us on {moment}",
)
SMALL_TALK = (("Thanks!", "You are welcome."), ("Good morning!", "Good morning! How can I help?"), ("ok", "Fine."))
HELP = (
    "Descale every two months with 20 g of citric acid in a litre of water, then rinse three times.",
    "Orders may be sent back within 30 days. Parts that were in contact with coffee have to be clean.",
    "A parcel is late after five working days; the carrier then searches for up to ten more.",
    "Invoices are sent by mail on the day of dispatch, and again on request, also to another address.",
)

_ASKED: Final[dict[str, tuple[Sequence[str], Sequence[str]]]] = {
    "tracking": (
        ["What was the tracking number of order {order}?", "Which tracking number did the parcel of {order} have?"],
        ["I need the number to track {order} with, please.", "Can you tell me how {order} could be tracked?"],
    ),
    "price": (
        ["How much did I pay for the {thing} in order {order}?", "What was the price of the {thing} in {order}?"],
        ["The {thing} of {order}: what did it cost me?", "What have you charged me for the {thing}, order {order}?"],
    ),
    "item code": (
        ["What is the sku of the {thing} I ordered in {month}?", "Which sku has the {thing} from my order in {month}?"],
        ["In {month} I bought a {thing}. Its sku, please?", "I have to name the sku of the {thing} from {month}."],
    ),
    "scan": (
        [
            "When was the parcel of {order} first scanned in {place}?",
            "At what time did my parcel {tracking} reach {place}?",
        ],
        [
            "When did {place} first scan the parcel {tracking} of {order}?",
            "{order} went through {place}. When was that?",
        ],
    ),
    "newest": (
        ["When will {order} arrive, as far as you know?", "What is the newest on {order}: by when is it expected?"],
        ["By when can I expect {order} now?", "Is there a date by which {order} gets here?"],
    ),
    "refund": (
        ["What is the number of the refund for {order}?", "How much was refunded for {order}, under which number?"],
        ["Under what number did you refund {order}?", "My bank asks for the refund number of {order}."],
    ),
    "first": (
        ["Which was the first order that I asked you about?", "What order did I first write to you about?"],
        ["When I wrote to you for the very first time, which order was it about?", "My first question: what order?"],
    ),
    "promised": (
        ["When did you promise me to see to the {thing}?", "What have you promised me about the {thing}?"],
        ["You promised something about the {thing}, what was it?", "By when was the {thing} to be dealt with?"],
    ),
    "last week": (
        ["What did you promise me last week?", "Last week you promised me something. What was it?"],
        ["Which promise did you make last week?", "You gave me your word last week: for when?"],
    ),
    "two results": (
        [
            "What did I pay for the {thing} in {order}, and what for the {thing2} in {order2}?",
            "Which was dearer, the {thing} of {order} or the {thing2} of {order2}?",
        ],
        [
            "Please compare: {thing} from {order} and {thing2} from {order2}. How much was each?",
            "How much is the difference in price between the {thing} in {order} and the {thing2} in {order2}?",
        ],
    ),
    "corrected": (
        [
            "Which order did I ask you to send to another address, and where to?",
            "Where is the order with the changed address going to?",
        ],
        [
            "I changed the delivery address of an order. Of which one, and to what?",
            "Which of my orders got a new address, and what is it?",
        ],
    ),
    "just read": (
        ["How much was the {thing} that I ordered in {month}?", "What did the {thing} of {month} cost?"],
        ["I bought a {thing} in {month}. The price?", "Please look up what I paid for the {thing} in {month}."],
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is of, the strings that a right answer needs, and those that were right once."""

    kind: str
    needed: Sequence[str]
    outdated: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """The user's message and all that follows it, up to the assistant's answer. `asked` is of the first prompt, or of
    the last, which has the results, where it `looks_up` what it needs."""

    said: Sequence[Message]
    asked: Asked | None = None

    @property
    def looks_up(self) -> bool:
        return self.asked is not None and self.asked.kind == "just read"


@dataclass(slots=True)
class _Order:
    number: str
    placed: datetime
    lines: list[dict[str, Any]]
    carrier: str
    tracking: str
    state: int = 0
    expected: list[str] = field(default_factory=list)
    refund: str = ""
    scans: list[tuple[str, str]] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    """By what a tool's result told of it, the number of the message that told it first."""
    shown: list[str] = field(default_factory=list)
    """When it was expected, as results told it one after the other."""

    @property
    def month(self) -> str:
        return f"{self.placed:%B}"


class Customer:
    """One customer's talk with the support."""

    def __init__(self, seed: int, visits: int) -> None:
        self._random = Random(seed)
        self._wording = seed % 2 == 0
        self._visits = visits
        self._next = 1
        self._now = BEGAN
        self._used: set[str] = set()
        self._orders = [self._new_order(days) for days in sorted(self._random.sample(range(5, 200), 12), reverse=True)]
        self._first = ""
        self._promises: list[tuple[datetime, str, str]] = []
        self._moved: tuple[str, str, str] | None = None
        self._past: set[tuple[str, str]] = set()

    def turns(self) -> Iterator[Turn]:
        """All that is said, turn by turn."""
        for visit in range(1, self._visits + 1):
            self._now += timedelta(days=self._random.randint(2, 7), minutes=self._random.randrange(300))
            if visit % 3 == 0:
                self._orders.append(self._new_order(0))
            self._change()
            yield from self._visit(visit)
            self._now = self._now.replace(hour=9, minute=self._random.randrange(60))

    # what is said

    def _visit(self, visit: int) -> Iterator[Turn]:
        random = self._random
        subjects = [self._where, self._where, self._news, self._price, self._invoice, self._list, self._help]
        if random.random() < 0.3:
            yield self._turn(random.choice(SMALL_TALK))
        for subject in random.sample(subjects, 3):
            yield from subject()
        if visit % 3 == 2:
            yield from self._promise()
        if visit % 4 == 1:
            yield from self._parcel()
        if visit == self._visits // 3:
            yield from self._move()
        if visit >= FIRST_ASKED:
            yield from self._questions(visit)
        if random.random() < 0.5:
            yield self._turn(random.choice(SMALL_TALK))

    def _where(self) -> Iterator[Turn]:
        order = self._some_order()
        yield self._looked_up(
            f"Where is my order {order.number}?",
            ("get_order", {"order_id": order.number}, self._order_found(order)),
            f"Order {order.number} is {self._state(order)}.",
        )

    def _news(self) -> Iterator[Turn]:
        order = self._some_order()
        yield self._looked_up(
            f"Any news on {order.number}?",
            ("get_order", {"order_id": order.number}, self._order_found(order)),
            f"It is {self._state(order)} now. Is there anything else?",
        )

    def _price(self) -> Iterator[Turn]:
        order = self._some_order()
        line = self._random.choice(order.lines)
        yield self._looked_up(
            f"Is the {line['name']} of {order.number} still under warranty?",
            ("get_order", {"order_id": order.number}, self._order_found(order)),
            "Yes, it is, for two years from the day on which it was delivered.",
        )

    def _invoice(self) -> Iterator[Turn]:
        order = self._some_order()
        order.told.setdefault("prices", self._next + 2)
        net = [{**line, "net": round(line["unit_price"] / 1.23, 2), "vat_rate": 0.23} for line in order.lines]
        found = {
            "invoice": {
                "id": f"INV-{order.number[3:]}-{order.placed.year}",
                "order_id": order.number,
                "currency": "EUR",
            },
            "lines": net,
            "total": round(sum(line["unit_price"] * line["quantity"] for line in order.lines), 2),
            "sent_to": "ines@andorinha.example",
        }
        yield self._looked_up(
            f"Please send me the invoice of {order.number} again.",
            ("get_invoice", {"order_id": order.number}, found),
            "I have sent it to your address.",
        )

    def _list(self) -> Iterator[Turn]:
        order = self._random.choice(self._orders)
        line = self._random.choice(order.lines)
        kind = "just read"
        question = self._worded(kind, thing=line["name"], month=order.month)
        asked = Asked(kind, [f"{one['unit_price']:.2f}" for one in self._lines(line["name"], order.month)])
        found = {"customer": "C-20418", "count": len(self._orders), "orders": [*map(self._shown, self._orders)]}
        for each in self._orders:
            each.told.setdefault("list", self._next + 2)
        answer = (
            f"It was {line['unit_price']:.2f} EUR." if self._random.random() < 0.5 else "I have it here, see above."
        )
        turn = self._looked_up(question, ("list_orders", {"customer_id": "C-20418"}, found), answer)
        yield replace(turn, asked=asked)

    def _help(self) -> Iterator[Turn]:
        word = self._random.choice(("descale", "return", "late parcels", "invoices"))
        articles = [
            {"id": f"kb-{n}", "title": text.split(" ", 1)[0], "text": f"{text} " * 4} for n, text in enumerate(HELP)
        ]
        yield self._looked_up(
            f"How does it work with {word}?", ("search_help", {"query": word}, articles), self._random.choice(HELP)
        )

    def _promise(self) -> Iterator[Turn]:
        thing = self._random.choice([line["name"] for order in self._orders for line in order.lines])
        moment = self._moment(self._now + timedelta(days=self._random.randint(2, 9)))
        said = self._random.choice(PROMISED).format(thing=thing, moment=moment)
        self._promises.append((self._now, thing, moment))
        yield self._turn((f"The {thing} is not as it should be.", f"I am sorry. I promise to {said}."))

    def _parcel(self) -> Iterator[Turn]:
        order = self._some_order()
        order.scans = order.scans or self._scanned(order)
        order.told.setdefault("scans", self._next + 2)
        found = {
            "tracking": order.tracking,
            "carrier": order.carrier,
            "order_id": order.number,
            "events": [
                {
                    "at": at,
                    "facility": f"{place} hub {n % 4}",
                    "code": f"S{100 + n % 7}",
                    "text": "Scanned in transit",
                    "weight_kg": 1.9,
                    "device": f"scanner-{n * 37 % 90}",
                }
                for n, (at, place) in enumerate(order.scans)
            ],
        }
        yield self._looked_up(
            f"What way did the parcel of {order.number} take?",
            ("track_parcel", {"tracking": order.tracking}, found),
            f"It went through {len({place for _, place in order.scans})} places, and is {self._state(order)}.",
        )

    def _move(self) -> Iterator[Turn]:
        wrong, right = self._random.sample(self._orders, 2)
        address = f"{self._random.choice(STREETS)} {self._random.randint(100, 999)}, Porto"
        self._moved = (wrong.number, right.number, address)
        yield self._turn((f"Please send {wrong.number} to {address}.", f"Shall I change order {wrong.number}?"))
        yield self._looked_up(
            f"No, the second order, {right.number}.",
            ("change_address", {"order_id": right.number, "address": address}, {"ok": True, "order_id": right.number}),
            f"Done: {right.number} goes there.",
        )

    # what is asked of it

    def _questions(self, visit: int) -> Iterator[Turn]:
        asking = [self._detail, self._deep, self._newest, self._two, self._promised, self._last_week, self._other]
        for ask in self._random.sample(asking, 4):
            yield from ask()
        if visit % 4 == 3:
            yield self._answered("first", self._worded("first"), [self._first], "As you said then.")
        if self._moved and visit % 4 == 0:
            wrong, right, address = self._moved
            asked = Asked("corrected", [right, address], [f"Please send {wrong} to {address}."])
            yield replace(self._turn((self._worded("corrected"), "As you said then.")), asked=asked)

    def _detail(self) -> Iterator[Turn]:
        for order in self._told("order"):
            if self._random.random() < 0.5:
                question = self._worded("tracking", order=order.number)
                needed = order.tracking
            else:
                line = self._random.choice(order.lines)
                question = self._worded("price", order=order.number, thing=line["name"])
                needed = f"{line['unit_price']:.2f}"
            if self._is_new("detail", needed):
                yield self._answered("detail", question, [needed], "I have looked it up for you.")
                return

    def _deep(self) -> Iterator[Turn]:
        orders = [*self._told("scans"), *self._told("list")]
        for order in self._random.sample(orders, len(orders)):
            if order.scans and self._random.random() < 0.5:
                _, place = self._random.choice(order.scans)
                needed = [next(time for time, where in order.scans if where == place)]
                question = self._worded("scan", order=order.number, tracking=order.tracking, place=place)
            else:
                line = self._random.choice(order.lines)
                needed = [one["sku"] for one in self._lines(line["name"], order.month)]
                question = self._worded("item code", thing=line["name"], month=order.month)
            if self._is_new("deep", needed[0]):
                yield self._answered("deep", question, needed, "I have looked it up for you.")
                return

    def _newest(self) -> Iterator[Turn]:
        changed = [order for order in self._orders if len(order.shown) > 1]
        for order in self._random.sample(changed, len(changed)):
            if order.refund and "refund" in order.told:
                question, asked = "refund", Asked("newest", [order.refund])
            else:
                question, asked = "newest", Asked("newest", order.shown[-1:], order.shown[:-1])
            if self._is_new("newest", asked.needed[0]):
                turn = self._turn((self._worded(question, order=order.number), "As I found it before."))
                yield replace(turn, asked=asked)
                return

    def _two(self) -> Iterator[Turn]:
        known = self._told("order")
        if len(known) < 2:
            return
        one, other = self._random.sample(known, 2)
        first, second = self._random.choice(one.lines), self._random.choice(other.lines)
        question = self._worded(
            "two results", order=one.number, order2=other.number, thing=first["name"], thing2=second["name"]
        )
        needed = [f"{first['unit_price']:.2f}", f"{second['unit_price']:.2f}"]
        if self._is_new("two results", needed[0] + needed[1]):
            yield self._answered("two results", question, needed, "I have looked both up for you.")

    def _promised(self) -> Iterator[Turn]:
        old = [one for one in self._promises if self._now - one[0] > timedelta(days=10)]
        for _, thing, moment in self._random.sample(old, len(old)):
            if self._is_new("promised", moment):
                needed = [each for _, what, each in self._promises if what == thing]
                yield self._answered("promised", self._worded("promised", thing=thing), needed, "As I said then.")
                return

    def _last_week(self) -> Iterator[Turn]:
        monday = (self._now - timedelta(days=self._now.weekday())).replace(hour=0, minute=0)
        made = [moment for at, _, moment in self._promises if monday - timedelta(days=7) <= at < monday]
        if made and self._is_new("last week", made[0]):
            yield self._answered("last week", self._worded("last week"), made, "As I said then.")

    def _other(self) -> Iterator[Turn]:
        known = self._told("order")
        if len(known) < 2:
            return
        one, other = self._random.sample(known, 2)
        if not self._is_new("the other one", other.tracking):
            return
        question = f"I wait for {one.number} and {other.number}. What is the tracking number of the first?"
        yield self._turn((question, f"For {one.number} it is {one.tracking}."))
        follow = "And the other one?" if self._wording else "And of the other?"
        yield self._answered("the other one", follow, [other.tracking], "I have looked it up for you.")

    # the shop

    def _change(self) -> None:
        """What happens to orders between two visits."""
        for order in self._random.sample(self._orders, max(1, len(self._orders) // 3)):
            order.state = min(order.state + 1, len(STATES) - 1)
            if order.state <= STATES.index("delivered"):
                order.expected.append(self._moment(self._now + timedelta(days=self._random.randint(1, 9))))
            if STATES[order.state] == "refunded" and not order.refund:
                order.refund = self._unique(lambda: f"RF-{self._random.randint(410_000, 419_999)}")

    def _new_order(self, days: int) -> _Order:
        random = self._random
        names = [random.choice(pair) for pair in random.sample(THINGS, random.randint(2, 5))]
        lines = [
            {
                "sku": self._unique(lambda: f"TT-{random.randint(2000, 2999)}-{random.choice('ABCD')}"),
                "name": name,
                "quantity": random.randint(1, 3),
                "unit_price": float(
                    self._unique(lambda: f"{random.randint(9, 79)}.{random.randint(0, 9)}{random.randint(1, 9)}")
                ),
                "warehouse": {
                    "id": f"W{random.randint(1, 4)}",
                    "shelf": f"{random.choice('ABC')}-{random.randint(10, 99)}",
                },
                "tax": {"code": "PT-23", "rate": 0.23, "included": True},
                "gift": False,
                "notes": None,
            }
            for name in names
        ]
        carrier, prefix = random.choice(CARRIERS)
        placed = self._now - timedelta(days=days)
        return _Order(
            number=self._unique(lambda: f"TT-118{''.join(random.choices('0257', k=3))}"),
            placed=placed,
            lines=lines,
            carrier=carrier,
            tracking=self._unique(lambda: f"{prefix}{random.randint(10**7, 10**8 - 1)}"),
            state=random.randint(0, 1),
            expected=[self._moment(placed + timedelta(days=4))],
        )

    def _shown(self, order: _Order) -> dict[str, Any]:
        """An order as the shop's API answers it; what that tells anew is noted."""
        if order.expected[-1] not in order.shown:
            order.shown.append(order.expected[-1])
        if order.refund:
            order.told.setdefault("refund", self._next + 2)
        return {
            "id": order.number,
            "placed_at": f"{order.placed:%Y-%m-%dT%H:%M:%SZ}",
            "channel": "web",
            "status": STATES[order.state],
            "expected_at": order.expected[-1],
            "customer": {"id": "C-20418", "name": "Ines Duarte", "email": "ines@andorinha.example", "group": "trade"},
            "shipping": {
                "carrier": order.carrier,
                "service": "standard",
                "tracking": order.tracking if order.state else None,
                "address": {
                    "name": "Café Andorinha",
                    "street": "Rua do Bonjardim 88",
                    "city": "Porto",
                    "country": "PT",
                },
            },
            "payment": {"method": "sepa", "state": "captured", "mandate": "M-77120-PT"},
            "refund": {"id": order.refund, "method": "sepa"} if order.refund else None,
            "lines": order.lines,
            "flags": {"fraud_checked": True, "gift_wrap": False, "b2b": True},
        }

    def _order_found(self, order: _Order) -> dict[str, Any]:
        """What `get_order` gives."""
        order.state = max(order.state, 1)
        order.told.setdefault("order", self._next + 2)
        history = [
            {"at": f"{order.placed:%Y-%m-%d}", "by": "system", "event": state} for state in STATES[: order.state]
        ]
        return {"order": self._shown(order), "history": history, "links": {"self": f"/v2/orders/{order.number}"}}

    def _scanned(self, order: _Order) -> list[tuple[str, str]]:
        at, scans = order.placed, list[tuple[str, str]]()
        for place in self._random.sample(PLACES, 6):
            for _ in range(self._random.randint(5, 9)):
                at += timedelta(minutes=self._random.randint(20, 200))
                scans.append(
                    (self._unique(lambda at=at: f"{at:%Y-%m-%dT%H:%M}:{self._random.randint(10, 59)}Z"), place)
                )
        return scans

    def _state(self, order: _Order) -> str:
        return STATES[order.state]

    def _some_order(self) -> _Order:
        """One of the newest, which a customer comes back to, or any."""
        orders = self._orders[-5:] if self._random.random() < 0.6 else self._orders
        order = self._random.choice(orders)
        self._first = self._first or order.number
        return order

    def _lines(self, thing: str, month: str) -> list[dict[str, Any]]:
        """All lines about a thing in a month's orders."""
        return [line for order in self._orders if order.month == month for line in order.lines if line["name"] == thing]

    def _told(self, what: str) -> list[_Order]:
        """Orders of which a result told this long ago, in any order."""
        known = [order for order in self._orders if 0 < order.told.get(what, self._next) <= self._next - LONG_AGO]
        return self._random.sample(known, len(known))

    # messages

    def _worded(self, what: str, **names: str) -> str:
        return self._random.choice(_ASKED[what][self._wording]).format(**names)

    def _is_new(self, kind: str, needed: str) -> bool:
        """Whether this was not asked before: then an answer told it."""
        new = (kind, needed) not in self._past
        self._past.add((kind, needed))
        return new

    def _answered(self, kind: str, question: str, needed: Sequence[str], answer: str) -> Turn:
        return replace(self._turn((question, answer)), asked=Asked(kind, needed))

    def _turn(self, said: tuple[str, str]) -> Turn:
        return Turn([self._message("user", said[0]), self._message("assistant", said[1])])

    def _looked_up(self, question: str, call: tuple[str, dict[str, Any], object], answer: str) -> Turn:
        name, arguments, result = call
        made = ToolCall(f"c{self._next}", name, json.dumps(arguments))
        return Turn(
            [
                self._message("user", question),
                replace(self._message("assistant", ""), tool_calls=(made,)),
                replace(self._message("tool", json.dumps(result, ensure_ascii=False)), tool_call_id=made.id),
                self._message("assistant", answer),
            ]
        )

    def _message(self, role: Any, text: str) -> Message:
        self._now += timedelta(seconds=self._random.randint(2, 50))
        self._next += 1
        return Message(role=role, content=text, id=f"s{self._next - 1}", created_at=self._now)

    def _moment(self, near: datetime) -> str:
        return self._unique(
            lambda: f"{near:%Y-%m-%d} {self._random.randint(8, 19):02}:{self._random.randint(1, 59):02}"
        )

    def _unique(self, make: Any) -> str:
        while (made := str(make())) in self._used:
            pass
        self._used.add(made)
        return made
