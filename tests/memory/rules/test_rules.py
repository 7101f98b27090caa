"""What the built-in rules make of what people say, and above all what they leave alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.memory.facts import Batch, Fact
from contextkit.memory.rules import KIND, RuleExtractor
from contextkit.memory.rules.summary import LONGEST_SUMMARY
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.subject import STATE
from contextkit.types import Message

SEMANTIC = MemoryStrategy.load("semantic")
SAID = datetime(2026, 5, 20, 12, tzinfo=UTC)


def message(text: str, number: int = 1, **more: Any) -> Message:
    return Message(
        **{"role": "user", "content": text, "id": f"m{number}", "created_at": SAID.replace(minute=number), **more}
    )


def found(*said: str | Message, before: tuple[Message, ...] = (), strategy: MemoryStrategy = SEMANTIC) -> list[Fact]:
    messages = [one if isinstance(one, Message) else message(one, n) for n, one in enumerate(said, 1)]
    batch = Batch(actor_id="a", session_id="s", messages=messages, before=before)
    return RuleExtractor(strategy).extract(batch)


def texts(*said: str | Message) -> list[str]:
    return [fact.text for fact in found(*said)]


TEA_OR_COFFEE = "preference of the user between coffee and tea"
WORK = "employer of the user"
VISIT = "date of the user's visit at acme"
LANGUAGE = "answer language for the user"

STATED = [
    ("My name is Ana Silva.", "The user's name is Ana Silva.", "name of the user", "Ana Silva"),
    ("I'm 34.", "The user is 34.", "age of the user", "34"),
    ("I live in Porto with my cat.", "The user lives in Porto with their cat.", "home city of the user", "Porto"),
    ("I've just moved to Japan!", "The user has just moved to Japan.", "home country of the user", "Japan"),
    (
        "I moved to Ghent last week.",
        "The user moved to Ghent in the week of 11 May 2026.",
        "home city of the user",
        "Ghent",
    ),
    ("In March I got married.", "The user got married in March 2026.", "marital status of the user", "married"),
    (
        "Yesterday I moved to Ghent.",
        "The user moved to Ghent on 19 May 2026.",
        "home city of the user",
        "Ghent",
    ),
    ("I moved to Ghent last summer.", "The user moved to Ghent in summer 2025.", "home city of the user", "Ghent"),
    ("Actually we moved to Hamburg.", "The user and others moved to Hamburg.", "home city of the user", "Hamburg"),
    ("So we've relocated to Oslo.", "The user and others have relocated to Oslo.", "home city of the user", "Oslo"),
    ("I live in the US.", "The user lives in the US.", "home country of the user", "the US"),
    ("And we live in Spain.", "The user and others live in Spain.", "home country of the user", "Spain"),
    (
        "My wife and I moved to Hamburg.",
        "The user's wife and the user moved to Hamburg.",
        "home city of the user",
        "Hamburg",
    ),
    (
        "I moved to Leeds when I was 23.",
        "The user moved to Leeds when the user was 23.",
        "home city of the user",
        "Leeds",
    ),
    ("Tom and I live in Ghent.", "Tom and the user live in Ghent.", "home city of the user", "Ghent"),
    ("I'm originally from Recife.", "The user is originally from Recife.", "origin of the user", "Recife"),
    ("I work for Siemens.", "The user works for Siemens.", "employer of the user", "Siemens"),
    ("I'm a software engineer.", "The user is a software engineer.", "occupation of the user", "software engineer"),
    ("I am married.", "The user is married.", "marital status of the user", "married"),
    ("I'm vegan.", "The user is vegan.", "diet of the user", "vegan"),
    ("I'm allergic to nuts.", "The user is allergic to nuts.", "allergy of the user to nuts", "allergic"),
    ("I'm also allergic to figs.", "The user is also allergic to figs.", "allergy of the user to figs", "allergic"),
    ("I'm not allergic to nuts.", "The user is not allergic to nuts.", "allergy of the user to nuts", "not allergic"),
    ("My favorite movie is Alien.", "The user's favourite movie is Alien.", "favourite movie of the user", "Alien"),
    ("I love hiking.", "The user loves hiking.", "taste of the user for hik", "liked"),
    ("I can't stand hiking.", "The user can not stand hiking.", "taste of the user for hik", "disliked"),
    (
        "I prefer tea to coffee.",
        "The user prefers tea to coffee.",
        "preference of the user between coffee and tea",
        "tea",
    ),
    (
        "I prefer coffee over tea.",
        "The user prefers coffee over tea.",
        "preference of the user between coffee and tea",
        "coffee",
    ),
    ("My email is a@b.org.", "The user's email is a@b.org.", "email of the user", "a@b.org"),
    ("My wife is called Mara.", "The name of the user's wife is Mara.", "name of the user's wife", "Mara"),
    ("The launch is on 3 June.", "The launch is on 3 June 2026.", "date of the user's launch", "3 June 2026"),
    (
        "Reply in Dutch from now on.",
        "The user asks the assistant: reply in Dutch.",
        "answer language for the user",
        "Dutch",
    ),
    (
        "Please call me Sascha from now on.",
        "The user asks the assistant: call the user Sascha.",
        "preferred name of the user",
        "Sascha",
    ),
    ("My sister Lena works at Bosch.", "The user's sister Lena works at Bosch.", "employer of Lena", "Bosch"),
    ("I've been working at Google since May.", "The user has been working at Google since May 2026.", WORK, "Google"),
    ("I started a new job as a cook at Noma.", "The user started a new job as a cook at Noma.", WORK, "Noma"),
    ("My birthday is March 14th.", "The user's birthday is 14 March.", "birthday of the user", "14 March"),
    ("My birthday is tomorrow.", "The user's birthday is 21 May.", "birthday of the user", "21 May"),
    ("My birthday was last Sunday.", "The user's birthday was 17 May.", "birthday of the user", "17 May"),
    ("I was born on the 4th of July.", "The user was born on 4 July.", "birth of the user", "4 July"),
    ("I'm from Rome originally.", "The user is from Rome originally.", "origin of the user", "Rome"),
    ("I'm on a vegan diet.", "The user is on a vegan diet.", "diet of the user", "vegan"),
    ("I got married in May.", "The user got married in May 2026.", "marital status of the user", "married"),
    ("I got a new job at Bosch.", "The user got a new job at Bosch.", WORK, "Bosch"),
    ("I live in Rome as of yesterday.", "The user lives in Rome as of 19 May 2026.", "home city of the user", "Rome"),
    ("Don't call me Bob, call me Rob.", "The user wants to be called Rob.", "preferred name of the user", "Rob"),
    ("My budget: 300 euros.", "The user's budget is 300 euros.", "budget of the user", "300 euros"),
    ("My visit at Acme is on the 25th.", "The user's visit at Acme is on 25 May 2026.", VISIT, "25 May 2026"),
    ("Tom lives in Berlin.", "Tom lives in Berlin.", "home city of Tom", "Berlin"),
    ("You can call me Al.", "The user wants to be called Al.", "preferred name of the user", "Al"),
    ("I'm CTO at Initech.", "The user is CTO.", "occupation of the user", "CTO"),
    ("As I live in Rome, I need a visa.", "The user lives in Rome.", "home city of the user", "Rome"),
    ("My wife likes tea and I like coffee.", "The user's wife likes tea.", "taste of the user's wife for tea", "liked"),
    (
        "My boss, Mr Smith, hates meetings.",
        "The name of the user's boss is Mr Smith.",
        "name of the user's boss",
        "Mr Smith",
    ),
]


@pytest.mark.parametrize(("said", "text", "subject", "value"), STATED)
def test_what_is_stated_is_found_with_what_it_is_a_value_of(said: str, text: str, subject: str, value: str) -> None:
    fact = found(said)[0]
    assert (fact.text, fact.subject, fact.value, fact.ends) == (text, subject, value, False)
    assert (fact.sources, fact.said_at) == (("m1",), SAID.replace(minute=1))


VALUES = [
    ("My favourite colour is blue now.", "favourite colour of the user", "blue"),
    ("Jazz is my favourite music now.", "favourite music of the user", "Jazz"),
    ("My phone number is 555-0199 now.", "phone number of the user", "555-0199"),
    ("My car is a red Toyota these days.", "car of the user", "a red Toyota"),
    ("My email is ana@x.org, but write to bo@x.org instead.", "email of the user", "ana@x.org"),
    ("My order number is 12345 and it hasn't arrived.", "order number of the user", "12345"),
    ("My number is +44 20 7946 0958, call after five.", "phone number of the user", "+44 20 7946 0958"),
    ("My address is 12 Elm Road, Springfield.", "address of the user", "12 Elm Road, Springfield"),
    ("My wife's birthday is 3 June, and mine is 4 July.", "birthday of the user's wife", "3 June"),
    ("I prefer emails over calls now.", "preference of the user between calls and emails", "emails"),
    ("I don't like pasta either.", "taste of the user for pasta", "disliked"),
    ("I live in Porto now.", "home city of the user", "Porto"),
    ("I live in Porto near the river.", "home city of the user", "Porto"),
    ("I live in Porto :)", "home city of the user", "Porto"),
    ("I live in St. Louis.", "home city of the user", "St. Louis"),
    ("I live at 5 High St.", "address of the user", "5 High St"),
    ("We moved to Oak Avenue.", "address of the user", "Oak Avenue"),
    ("We live on Elm Street now.", "address of the user", "Elm Street"),
    ("I moved to 33 Station Road in May.", "address of the user", "33 Station Road"),
    ("I live at Kerkstraat 12.", "address of the user", "Kerkstraat 12"),
    ("I live in Washington D.C. now.", "home city of the user", "Washington D.C"),
    ("I moved to Berlin Mitte from Hamburg.", "home city of the user", "Berlin Mitte"),
    ("I was born in Cork and raised in Kent.", "birth of the user", "Cork"),
    ("My favourite band is The Beatles and always will be.", "favourite band of the user", "The Beatles"),
    ("My favourite language is Rust, followed by Go.", "favourite language of the user", "Rust"),
    ("I've lived in Spain for 10 years.", "home country of the user", "Spain"),
    ("I have worked at Siemens since 2010.", "employer of the user", "Siemens"),
    ("I work at Acme Monday to Friday.", "employer of the user", "Acme"),
    ("I work at Acme every weekend.", "employer of the user", "Acme"),
    ("I'm a student at Yale.", "occupation of the user", "student"),
    ("I work nights as a nurse.", "occupation of the user", "nurse"),
    ("We use Kafka for the queue and Redis for caching.", "choice of the user for queue", "Kafka"),
    ("I have a talk with Bo on Friday and a visit on Monday.", "date of the user's talk with bo", "22 May 2026"),
]


@pytest.mark.parametrize(("said", "subject", "value"), VALUES)
def test_a_value_ends_where_something_else_is_said_of_it(said: str, subject: str, value: str) -> None:
    assert [(fact.subject, fact.value) for fact in found(said) if fact.subject] == [(subject, value)]


KEPT = [
    ("I own Café Andorinha.", "The user owns Café Andorinha.", "profile"),
    ("We own a bakery in Leeds.", "The user and others own a bakery in Leeds.", "profile"),
    ("I hardly ever eat out.", "The user hardly ever eats out.", "preference"),
    ("I went to Rome yesterday.", "The user went to Rome on 19 May 2026.", "event"),
    ("We decided to hire Ruth.", "The user and others decided to hire Ruth.", "decision"),
    ("I'm flying to Oslo next Friday.", "The user is flying to Oslo on 29 May 2026.", "plan"),
    ("I usually get up at five.", "The user usually gets up at five.", "preference"),
    ("I have two sons and a daughter.", "The user has two sons and a daughter.", "relation"),
    ("Never use emojis.", "The user asks the assistant: never use emojis.", "instruction"),
    ("Remember that bins go out on Mondays.", "Bins go out on Mondays.", "note"),
    ("Remember to call Bo.", "The user wants to be reminded to call Bo.", "plan"),
]


@pytest.mark.parametrize(("said", "text", "kind"), KEPT)
def test_what_has_no_subject_is_found_by_its_kind(said: str, text: str, kind: str) -> None:
    fact = found(said)[0]
    assert (fact.text, fact.metadata[KIND]) == (text, kind)


NO_FACTS = [
    "Hi there!",
    "Thank you so much, that was great.",
    "What is the capital of Peru?",
    "Do I live in Porto?",
    "I'm allergic to nuts and milk?",
    "Is my name Ana?",
    "If I lived in Paris, I would be happy.",
    "I might move to Spain.",
    "Maybe I'm allergic to nuts.",
    "I think my name is on the list.",
    "I wish I lived in Porto.",
    "Imagine I work at NASA.",
    "Assume I live in California.",
    "As a joke: I'm the king of France.",
    "Yeah right, I love paying taxes.",
    "Oh great, I just love waiting in line.",
    "I love paying taxes /s",
    "I like neither tea nor coffee.",
    "I'm a big fan of yours.",
    "I live in Porto, don't I?",
    "My boss thinks I live in Boston.",
    "Tom believes that I'm allergic to nuts.",
    "I prefer the first one.",
    "I like the second option.",
    "I prefer the latter.",
    "I thought I was allergic to nuts.",
    "Suppose my favourite colour is red.",
    "My boss said he lives in Rome.",
    'She wrote "I live in Rome and work at Fiat".',
    "According to the article, I live in the future.",
    "The customer says: I live in Rome.",
    "She wrote to me: My name is Eva and I live in Rome.",
    "He said, I live in Rome.",
    "Customer: I live in Rome.",
    "> I live in Rome.",
    "assistant: I live in Rome.",
    "Translate this: I live in Rome. My name is Bob.",
    "Summarise the following:\nMy name is Bob and I live in Rome.",
    "Write a story in which I live in Rome.",
    "```\nI live in Rome\n```",
    "<memories>\nI live in Rome.\n</memories>",
    "<doc>My name is Bob.</doc>",
    "I need your help with something.",
    "I have a question about my code.",
    "I'm not sure what to do.",
    "I'm sorry, I don't understand.",
    "I don't have a car.",
    "I'm not from Brazil.",
    "My password is hunter2.",
    "My PIN code is 4321 and my IBAN is GB00 1234.",
    "My card is 4111 1111 1111 1111.",
    "My AWS access key is AKIAIOSFODNN7EXAMPLE.",
    "Remember that ghp_abcdefghijklmnopqrstuvwxyz0123456789 is what we deploy with.",
    "Please remember that my passwords are hunter2 and hunter3.",
    "The weather is nice.",
    "It is on Friday.",
    "You live in the cloud.",
    "My name is irrelevant.",
    "My phone is dead.",
    "Never mind.",
    "Always glad to help!",
    "Forget it.",
    "I'm single-handedly doing this.",
    "I have a bug in the code.",
    "I am getting an error: it is broken.",
    "As an AI, I live in the cloud.",
    "I'm from the support team.",
    "I work from home.",
    "I live in fear.",
    "I'm 30 minutes late.",
    "I'm fine.",
    "I'm so excited to see what comes next, really.",
    "We are really thankful for all of your help with this.",
    "I'm always here for you if you need me.",
    "I'm doing my best to keep up with all of this.",
    "I'm feeling tired and a bit under the weather today.",
    "nếu tôi sống ở Huế thì sao",
    "Tôi sống ở đâu?",
    "如果我住在北京",
    "我住在哪里？",
    "私はローマに住んでいます",
    "",
    "???",
    "\ud800 I",
]


@pytest.mark.parametrize(
    "said",
    [
        "We moved to Postgres.",
        "We moved to Google Cloud last month.",
        "Actually we moved to Postgres.",
        "Actually we moved to GraphQL.",
        "We moved to gRPC.",
        "We moved to Auth0.",
        "We moved to Friday.",
        "We moved to 3 June.",
        "Our team moved to Hamburg.",
        "My parents split up and we moved to Leeds when I was six.",
        "We moved to Leeds when I was a child.",
        "I lived in Rome and we moved to Leeds as a child.",
        "My boss and his team moved to Hamburg.",
        "I live in hope that this works.",
        "I work for free.",
        "I'm Done.",
        "My birthday is coming up.",
        "My anniversary is next year.",
        "I'm on a diet.",
        "I turned 18 in 2010.",
        "I moved to Leeds in 2010.",
        "I moved to Leeds for a year in 2010 and then came back.",
        "I'm a good cook.",
        "I'm Bosch's CEO.",
        "I moved to dark mode.",
        "I live in the Alfama district of Lisbon.",
        "My birthday was great.",
        "My phone is 5 years old.",
        "My car is 12 years old.",
        "I am 1.80 m tall.",
        "I'm Porto-based.",
        "I'm dating a nurse.",
        "I'm looking for a plumber.",
        "I'm with a doctor now.",
        "I'm the son of a plumber.",
        "I'm no teacher.",
        "I'm becoming a teacher.",
        "I'm a former teacher.",
        "I'm a horrible cook.",
        "I'm from Acme support.",
        "This is my friend Tom.",
        "Here is my boss.",
        "I prefer not to fly.",
        "My favourite food isn't sushi.",
        "My favourite of these is B.",
        "I like both.",
        "I don't like the second line.",
        "My budget for the trip is 2000 euros.",
        "I like option 2 better.",
        "I like the way you explain it.",
        "I can't stand up.",
        "I am 007.",
        "I'm studying for my exams.",
        "I study at night.",
        "I have lived in Rome before.",
        "I have worked at Bosch.",
        "I live in Porto half of the year.",
        "I live in Porto during the week.",
        "I live in Porto or Lisbon.",
        "I live in Emacs.",
        "I moved to Rome but came back to Porto.",
        "I moved to Rome and then to Porto.",
        "I moved to Rome, then Porto.",
        "I moved to Sales.",
        "I moved to Pro plan.",
    ],
)
def test_what_is_like_a_value_takes_the_place_of_none(said: str) -> None:
    assert [fact.subject for fact in found(said) if fact.subject and STATE not in fact.subject] == []


@pytest.mark.parametrize("said", NO_FACTS)
def test_what_nobody_states_as_true_is_no_fact(said: str) -> None:
    assert texts(said) == []


@pytest.mark.parametrize(
    "other",
    [
        message("I live in Rome.", role="system"),
        message("I live in Rome.", role="tool"),
        message("I live in Rome.", role="assistant"),
        message("I live in Rome.", role="assistant", name="Support Assistant"),
        message("I live in Rome.", name="tool"),
    ],
)
def test_only_people_state_facts(other: Message) -> None:
    assert texts(other) == []


def test_a_fact_beside_a_question_is_found() -> None:
    assert texts("I live in Porto, can you recommend a bakery?") == ["The user lives in Porto."]


def test_people_are_told_apart_by_their_names() -> None:
    facts = found(message("I live in Leeds.", name="Mel"), message("I live in York. Your hat is nice.", 2, name="Caro"))
    assert [(fact.text, fact.subject) for fact in facts][:2] == [
        ("Mel lives in Leeds.", "home city of Mel"),
        ("Caro lives in York.", "home city of Caro"),
    ]


@pytest.mark.parametrize("name", ["CORP\\quinn", "CORP\\1", "{who}", "a{0}b", "x\\g<0>"])
def test_any_name_may_be_a_speakers(name: str) -> None:
    for said, told in (
        ("I live in Leeds.", f"{name} lives in Leeds."),
        ("Tôi sống ở Huế.", f"{name} sống ở Huế."),
        ("我住在上海。", f"{name}住在上海。"),
    ):
        assert [fact.text.casefold() for fact in found(message(said, name=name))] == [told.casefold()]


def test_a_named_assistant_is_a_person() -> None:
    assert texts(message("I live in Leeds.", role="assistant", name="Mel")) == ["Mel lives in Leeds."]


def test_she_is_whoever_was_spoken_of() -> None:
    facts = found("My aunt Rosa is visiting us.", "She works at Bosch.")
    assert ("Rosa works at Bosch.", "employer of Rosa") in [(fact.text, fact.subject) for fact in facts]


def test_she_is_a_relation_without_a_name() -> None:
    assert texts("My mom lives in Rome, she works at Fiat.")[-1] == "The user's mom works at Fiat."


def test_she_is_nobody_where_nobody_was_spoken_of() -> None:
    assert texts("She works at Bosch.") == []


def test_earlier_messages_help_and_give_nothing() -> None:
    facts = found("She works at Bosch.", before=(message("My aunt Rosa lives in Rome.", 0),))
    assert [fact.text for fact in facts] == ["Rosa works at Bosch."]


@pytest.mark.parametrize(
    ("said", "what", "where"),
    [
        ("I work as a nurse at Mercy.", "The user works as a nurse.", "The user works at Mercy."),
        ("I am a nurse at Mercy.", "The user is a nurse.", "The user works at Mercy."),
        ("I'm an engineer at Mercy in Ghent.", "The user is an engineer.", "The user works at Mercy in Ghent."),
        (
            "I work as a cook at Noma with my son since 2019.",
            "The user works as a cook.",
            "The user works at Noma with the user's son since 2019.",
        ),
    ],
)
def test_what_somebody_is_and_where_they_work_are_two_facts(said: str, what: str, where: str) -> None:
    facts = {fact.subject: fact.text for fact in found(said)}
    assert facts == {"occupation of the user": what, "employer of the user": where}


def test_each_allergy_is_a_fact() -> None:
    facts = found("I'm allergic to nuts, milk and eggs.")
    assert [(fact.text, fact.subject) for fact in facts] == [
        (f"The user is allergic to {what}.", f"allergy of the user to {what}") for what in ("nuts", "milk", "eggs")
    ]


def test_a_vegan_may_be_intolerant_of_something_too() -> None:
    facts = found("I'm vegan, gluten-free and lactose intolerant.")
    assert [fact.subject for fact in facts] == [
        "diet of the user",
        "gluten-free diet of the user",
        "lactose intolerant diet of the user",
    ]


def test_a_short_answer_is_a_statement() -> None:
    assert texts(message("What's your name?", role="assistant"), message("Ana", 2)) == ["The user's name is Ana."]
    told = texts(message("When is your birthday?", role="assistant"), message("June 5th", 2))
    assert told == ["The user's birthday is 5 June."]


ENDED = [
    ("Last week I left Bosch.", "employer of the user", "Bosch"),
    ("I no longer work at Bosch.", "employer of the user", "Bosch"),
    ("I don't live in Porto anymore.", "home city of the user", "Porto"),
    ("I quit my job at Bosch.", "employer of the user", "Bosch"),
    ("I got fired from Bosch.", "employer of the user", "Bosch"),
    ("I left Bosch.", "employer of the user", "Bosch"),
    ("Please forget that I live in Porto.", "home city of the user", "Porto"),
    ("Forget that I'm allergic to nuts and milk.", "allergy of the user to milk", "allergic"),
    ("Forget my phone number.", "phone number of the user", ""),
    ("Please forget where I live.", "home city of the user", ""),
    ("I do not live in Porto.", "home city of the user", "Porto"),
    ("I don't work for Bosch.", "employer of the user", "Bosch"),
    ("I am not a vegetarian.", "diet of the user", "vegetarian"),
    ("I used to live in Porto.", "home city of the user", "Porto"),
    ("I used to work for Bosch.", "employer of the user", "Bosch"),
    ("I used to love tea.", "taste of the user for tea", "liked"),
    ("Could you please delete my email address?", "email of the user", ""),
    ("I cancelled my dentist appointment.", "date of the user's dentist appointment", ""),
    ("Tôi không còn làm việc tại FPT nữa.", "employer of the user", "FPT"),
    ("我不再住在上海了。", "home city of the user", "上海"),
]


@pytest.mark.parametrize(("said", "subject", "value"), ENDED)
def test_what_is_over_ends_its_subject(said: str, subject: str, value: str) -> None:
    ended = [fact for fact in found(said) if fact.ends]
    assert (subject, value) in [(one, fact.value) for fact in ended for one in (fact.subject, *fact.also)]


def test_what_is_to_be_forgotten_is_not_what_holds_instead() -> None:
    facts = found("Forget that I live in Rome, I live in Oslo now.")
    assert [(fact.value, fact.ends) for fact in facts] == [("Rome", True), ("Oslo", False)]


def test_what_is_liked_and_what_is_not_are_two_facts() -> None:
    assert texts("I like coffee but hate tea.") == ["The user likes coffee.", "The user hates tea."]
    assert texts("I like coffee but don't like tea.") == ["The user likes coffee.", "The user does not like tea."]


@pytest.mark.parametrize(
    ("said", "each"),
    [
        ("I like pizza, pasta and sushi.", ["likes pizza", "likes pasta", "likes sushi"]),
        (
            "I don't like olives, anchovies or figs.",
            [f"does not like {one}" for one in ("olives", "anchovies", "figs")],
        ),
        ("I hate running and swimming.", ["hates running", "hates swimming"]),
        (
            "I love Thai food, my bike, and long walks at sea.",
            ["loves Thai food", "loves their bike", "loves long walks at sea"],
        ),
        ("I like fish and chips.", ["likes fish and chips"]),
        ("I like my coffee black, no sugar.", ["likes their coffee black, no sugar"]),
        (
            "I like being outdoors, especially in spring and fall.",
            ["likes being outdoors, especially in spring and fall"],
        ),
        ("I like to read, write and draw.", ["likes to read, write and draw"]),
    ],
)
def test_of_several_things_each_is_a_taste(said: str, each: list[str]) -> None:
    assert texts(said) == [f"The user {one}." for one in each]


@pytest.mark.parametrize(
    ("said", "text", "value"),
    [
        ("I don't love pizza, I adore it.", "The user adores pizza.", "liked"),
        ("I don't just like pizza - I love it!", "The user loves pizza.", "liked"),
        ("I don't like pizza, I hate it.", "The user hates pizza.", "disliked"),
    ],
)
def test_a_word_is_taken_back_for_a_stronger_one(said: str, text: str, value: str) -> None:
    assert [(fact.text, fact.value) for fact in found(said)] == [(text, value)]


def test_a_taste_that_is_over_has_turned() -> None:
    fact = found("I no longer like tea.")[0]
    assert (fact.text, fact.subject, fact.value, fact.ends) == (
        "The user no longer likes tea.",
        "taste of the user for tea",
        "disliked",
        False,
    )


CORRECTED = [
    (("Tom lives in Rome.", "Actually Tom lives in Milan."), "home city of Tom", "Milan"),
    (("I live in Rome - no, wait, Milan.",), "home city of the user", "Milan"),
    (("I live in Rome; actually, in Milan.",), "home city of the user", "Milan"),
    (("I live in Rome, sorry, Milan.",), "home city of the user", "Milan"),
    (("I live in Graz, not Vienna.",), "home city of the user", "Graz"),
    (("My flight is on 12 June.", "Sorry, I meant the 14th."), "date of the user's flight", "14 June 2026"),
    (("My order number is 4481-B.", "Correction: it should be 4418-B."), "order number of the user", "4418-B"),
    (("I live in Porto.", "No wait, I meant Lisbon."), "home city of the user", "Lisbon"),
    (("I live in Porto.", "It's Lisbon, not Porto."), "home city of the user", "Lisbon"),
    (("I live in Porto.", "It's not Porto but Lisbon."), "home city of the user", "Lisbon"),
    (("I live in Porto.", "Sorry, not Porto, Lisbon."), "home city of the user", "Lisbon"),
    (("My name is Tom.", "My name isn't Tom, it's Tim."), "name of the user", "Tim"),
    (("I am not a doctor but a nurse.",), "occupation of the user", "nurse"),
    (("I left Google for Meta.",), "employer of the user", "Meta"),
]


@pytest.mark.parametrize(("said", "subject", "value"), CORRECTED)
def test_a_correction_is_the_statement_it_mends(said: tuple[str, ...], subject: str, value: str) -> None:
    fact = [one for one in found(*said) if one.subject][-1]
    assert (fact.subject, fact.value) == (subject, value)


@pytest.mark.parametrize(
    "said",
    ["Actually, it is raining.", "Actually, great.", "It is fine, not bad.", "No, thanks.", "Actually, Ruby is fine."],
)
def test_what_mends_nothing_changes_nothing(said: str) -> None:
    assert texts("I live in Porto.", said) == ["The user lives in Porto."]


def test_what_mends_an_answer_mends_no_statement_before_the_question() -> None:
    asked = message("Shall I book a flight to Paris?", 2, role="assistant")
    assert texts("I live in Porto.", asked, message("No, London.", 3)) == ["The user lives in Porto."]
    asked = message("You live in Porto, right?", 2, role="assistant")
    assert texts("I live in Porto.", asked, message("No, London.", 3))[-1] == "The user lives in London."


def test_what_is_mended_into_another_subject_is_over() -> None:
    facts = found("I'm allergic to nuts.", "Sorry, I meant milk.")
    assert [(fact.subject, fact.ends) for fact in facts] == [
        ("allergy of the user to nuts", False),
        ("allergy of the user to nuts", True),
        ("allergy of the user to milk", False),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("My sister Lena works at Bosch.", "My sister Mia works at Aldi."),
        ("I work at Bosch.", "I also work at a bar."),
        ("I live in Porto.", "I live in Portugal."),
        ("I live in Porto.", "I'm based in Rome this week."),
        ("I live in Porto.", "I'm living in Rome for two months."),
        ("I work at Bosch.", "I worked at Aldi."),
        ("I work at Bosch.", "I don't work at Bosch on Fridays."),
        ("I live in Porto.", "I don't live in Porto all year."),
        ("I live in Porto.", "My brother lives in Rome."),
        ("I like tea.", "I like green tea."),
        ("I prefer window seats.", "I prefer short answers."),
        ("My flight to Oslo is on 5 June.", "My flight to Rome is on 9 June."),
    ],
)
def test_what_can_both_hold_has_no_subject_in_common(first: str, second: str) -> None:
    one, other = found(first), found(second)
    assert not {fact.subject for fact in one} & {fact.subject for fact in other} - {""}


def test_a_strategy_keeps_the_kinds_it_lists() -> None:
    preferences = MemoryStrategy.load("user_preference")
    said = "I live in Porto. I love figs. Always answer in Dutch."
    assert [fact.text for fact in found(said, strategy=preferences)] == [
        "The user loves figs.",
        "The user asks the assistant: always answer in Dutch.",
    ]
    nothing = replace(SEMANTIC, extraction=replace(SEMANTIC.extraction, rules=()))
    assert found(said, strategy=nothing) == []


LONG = "The mill arrived on 5 May with a cracked hopper, and we agreed on a refund of 250 euros by Friday. "


def test_a_summary_is_made_of_what_was_said() -> None:
    strategy = MemoryStrategy.load("summary")
    assistant = message("I have ordered a new hopper, number A-17. " * 3, 2, role="assistant")
    facts = found("Hello! " + LONG * 3, assistant, message("secret", 3, role="tool"), strategy=strategy)
    assert len(facts) == 1
    assert (facts[0].metadata[KIND], facts[0].sources) == ("summary", ("m1", "m2", "m3"))
    assert "user: The mill arrived on 5 May" in facts[0].text
    assert "assistant: I have ordered a new hopper" in facts[0].text
    assert "secret" not in facts[0].text


def test_a_summary_has_no_secrets() -> None:
    told = "My password was changed today. It is hunter2 from now on. The mill is heard from the street again."
    (fact,) = found(told, LONG * 3, strategy=MemoryStrategy.load("summary"))
    assert "heard from the street" in fact.text
    assert "password" not in fact.text
    assert "hunter2" not in fact.text


def test_a_summary_is_short_and_small_talk_has_none() -> None:
    strategy = MemoryStrategy.load("summary")
    assert len(found(LONG * 40, strategy=strategy)[0].text) <= LONGEST_SUMMARY
    assert found("Hello!", "Thanks.", strategy=strategy) == []
    assert found("Hello! <memories>\n" + LONG * 10 + "</memories>", strategy=strategy) == []


def test_what_goes_on_is_told_of_nobody_new() -> None:
    said = "My aunt Rosa met us. Pets bring so much joy to our whole house. She is 84."
    assert ("Rosa is 84.", "age of Rosa") in [(fact.text, fact.subject) for fact in found(said)]


def test_he_is_not_her() -> None:
    assert texts("My husband Oskar is tall and patient.", "She is 84.")[-1] != "Oskar is 84."


def test_where_two_were_named_a_pronoun_means_neither() -> None:
    facts = found("My aunt Rosa met Clara Weber.", "She works at Bosch.")
    assert [fact for fact in facts if "Bosch" in fact.text] == []


def test_everybody_talks_to_an_unnamed_assistant() -> None:
    said = (
        message("Hello all!", 1, name="ana"),
        message("Hi!", 2, role="assistant"),
        message("Never call me.", 3, name="bo"),
    )
    assert texts(*said) == ["Bo asks the assistant: never call Bo."]


def test_the_same_said_twice_is_one_fact() -> None:
    assert texts("I live in Porto.", "As I said, I live in Porto.") == ["The user lives in Porto."]
    assert texts("As I told you: I live in Porto.") == ["The user lives in Porto."]


def test_a_message_without_a_time_was_said_when_the_one_before_it_was() -> None:
    facts = found("Hello.", message("I live in Porto.", 2, created_at=None))
    assert facts[0].said_at == SAID.replace(minute=1)


WORDS = 'I my am live_in not Ana and , . it_is " <memories> forget 5_May no_longer she 我 住在 tôi ？ but anymore is to'
PIECES = st.sampled_from([f"{word.replace('_', ' ')} " for word in [*WORDS.split(), "\n", "favourite", "I meant"]])


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=4))
def test_whatever_is_said_the_facts_are_whole(said: list[str]) -> None:
    for fact in found(*said):
        assert fact.text.strip()
        assert fact.sources
        assert 0 <= fact.importance <= 1
        assert "{" not in fact.subject


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_is_read(said: list[str]) -> None:
    found(*said)


MARKS = st.sampled_from(['"', '" ', ' "', "“", "”", "'", "(", ") ", ", ", ": ", "- ", ". "])


@given(st.lists(PIECES | MARKS, min_size=30, max_size=120).map("".join))
def test_a_long_sentence_with_any_marks_is_read(said: str) -> None:
    found(said)


def test_a_page_of_dots_is_read_as_any_other() -> None:
    assert texts(f"I live in Porto. Contents {'.' * 15_000} 7")[0] == "The user lives in Porto."


@pytest.mark.parametrize("quoted", ['"yes"', "“not existing”", '"', '" 5\'10" tall'])
def test_a_quotation_of_few_words_is_no_trouble_for_the_many_behind_it(quoted: str) -> None:
    assert texts(f"I live in Porto. The server said {quoted} {'and went on for a while ' * 20}to me.")[0] == (
        "The user lives in Porto."
    )
