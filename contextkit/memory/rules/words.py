"""Closed lists that the rules read English by: relations, occupations, countries, what a person has only one of."""

from __future__ import annotations

from typing import Final


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.replace("\n", " ").split(",") if part.strip())


RELATIONS: Final = _listed("""
wife, husband, spouse, partner, girlfriend, boyfriend, fiancé, fiancée, fiance, fiancee, mother, mom, mum,
father, dad, sister, brother, son, daughter, child, kid, baby, aunt, uncle, cousin, niece, nephew, grandmother,
grandfather, grandma, grandpa, granny, friend, best friend, boss, manager, colleague, coworker, co-worker,
neighbour, neighbor, roommate, flatmate, doctor, dentist, therapist, teacher, mentor, coach, assistant, lawyer,
landlord, dog, cat, puppy, kitten, parrot, rabbit, hamster, horse, twin sister, twin brother, older sister,
older brother, younger sister, younger brother, little sister, little brother, big sister, big brother, elder
sister, elder brother, eldest son, eldest daughter, oldest son, oldest daughter, youngest son, youngest
daughter, stepmother, stepfather, mother-in-law, father-in-law, sister-in-law, brother-in-law, business partner,
team lead, ex, ex-wife, ex-husband
""")

PRONOUNS: Final = {
    **dict.fromkeys(
        _listed("""
wife, girlfriend, fiancée, mother, mom, mum, sister, daughter, aunt, niece, grandmother, grandma, granny, stepmother,
mother-in-law, sister-in-law, ex-wife
"""),
        "she",
    ),
    **dict.fromkeys(
        _listed("""
husband, boyfriend, fiancé, father, dad, brother, son, uncle, nephew, grandfather, grandpa, stepfather, father-in-law,
brother-in-law, ex-husband
"""),
        "he",
    ),
}
"""The pronoun of relations that have only one."""

SINGLE_RELATIONS: Final = _listed("""
wife, husband, spouse, partner, girlfriend, boyfriend, fiancé, fiancée, fiance, fiancee, mother, mom, mum,
father, dad, best friend, boss, manager, landlord, business partner, team lead
""")
"""Those of which a person has one at a time: a new one takes the place of the last."""

PARTNERS: Final = _listed("girlfriend, boyfriend, partner, fiancé, fiancée, fiance, fiancee")

PETS: Final = _listed("dog, cat, puppy, kitten, parrot, rabbit, hamster, horse")

ADVISERS: Final = _listed("doctor, dentist, therapist, lawyer, coach")
"""Those of whom a person has several, but of whom the one who "is my doctor" takes the place of the last."""

SINGLE: Final = _listed("""
name, full name, first name, last name, surname, nickname, preferred name, age, birthday, date of birth, birth
date, anniversary, wedding anniversary, phone number, phone, mobile number, mobile, number, email, email
address, e-mail, e-mail address, address, home address, work address, office address, shipping address, delivery
address, billing address, postcode, zip code, postal code, hometown, home town, nationality, native language,
mother tongue, time zone, timezone, height, weight, target weight, blood type, shoe size, shirt size, dress
size, ring size, job, job title, title, role, position, occupation, profession, employer, company, workplace,
team, department, diet, budget, monthly budget, goal, main goal, deadline, username, handle, account number,
customer number, order number, membership number, student number, licence plate, license plate, star sign,
salary, major, degree, thesis topic, specialty, pronouns, religion, stack, main language, operating system,
editor, phone model, laptop, car, bike, gate, seat, room number, hotel, flight number
""")
"""What a person has one of at a time. "My car is red" says nothing of which car it is, but no two colours both hold."""

OCCUPATIONS: Final = _listed("""
nurse, doctor, teacher, lawyer, chef, cook, baker, barista, waiter, waitress, driver, pilot, farmer, gardener,
plumber, electrician, carpenter, mechanic, architect, accountant, auditor, designer, developer, programmer,
coder, tester, analyst, consultant, manager, director, founder, ceo, cto, entrepreneur, freelancer, contractor,
student, researcher, scientist, professor, lecturer, tutor, translator, interpreter, writer, author, editor,
journalist, reporter, photographer, painter, musician, singer, actor, actress, dancer, producer, librarian,
historian, biologist, chemist, physicist, mathematician, veterinarian, vet, paramedic, firefighter, officer,
soldier, sailor, judge, secretary, receptionist, cashier, salesperson, realtor, banker, broker, trader, butcher,
tailor, hairdresser, therapist, physiotherapist, midwife, surgeon, intern, apprentice, trainee, administrator,
technician, welder, postdoc, solicitor, surveyor, florist, beekeeper, fisherman, potter, curator, coach,
counselor, counsellor, recruiter, marketer, bookkeeper, caretaker, nanny, au pair, social worker,
CEO, CTO, CFO, COO, CIO
""")
OCCUPATION_ENDINGS: Final = ("ologist", "ician", "grapher", "engineer", "therapist", "tender", "smith", "keeper")


def is_relation(words: str) -> bool:
    """Whether "my …" speaks of a person or a pet: a relation, or somebody by their occupation ("my pastry chef")."""
    spoken = words.lower()
    return spoken in RELATIONS or spoken.split()[-1] in OCCUPATIONS


COUNTRIES: Final = _listed("""
afghanistan, albania, algeria, argentina, armenia, australia, austria, bangladesh, belgium, bolivia, bosnia,
brazil, bulgaria, cambodia, cameroon, canada, chile, china, colombia, costa rica, croatia, cuba, cyprus,
czechia, the czech republic, denmark, ecuador, egypt, england, estonia, ethiopia, finland, france, georgia,
germany, ghana, great britain, greece, hungary, iceland, india, indonesia, iran, iraq, ireland, israel, italy,
jamaica, japan, jordan, kazakhstan, kenya, korea, south korea, north korea, kuwait, laos, latvia, lebanon,
lithuania, luxembourg, malaysia, malta, mexico, moldova, mongolia, morocco, mozambique, myanmar, nepal, the
netherlands, netherlands, new zealand, nigeria, norway, oman, pakistan, panama, paraguay, peru, the philippines,
philippines, poland, portugal, qatar, romania, russia, rwanda, saudi arabia, scotland, senegal, serbia,
slovakia, slovenia, somalia, south africa, spain, sri lanka, sudan, sweden, switzerland, syria, taiwan,
tanzania, thailand, tunisia, turkey, uganda, ukraine, the uk, uk, the united kingdom, united kingdom, the us,
the usa, usa, the united states, united states, the states, uruguay, venezuela, vietnam, wales, yemen, zambia,
zimbabwe, europe, asia, africa, america, south america, north america, latin america
""")

NO_NAMES: Final = _listed("""
The, This, That, These, Those, It, There, Here, Yes, No, Not, What, Who, When, Where, Why, How, If, And, But,
So, Or, As, At, In, On, For, From, With, By, To, Of, Then, Now, Today, Tomorrow, Yesterday, Last, Next, My, Our,
Your, His, Her, Their, Its, We, You, They, He, She, I, Just, Also, Please, Thanks, Let, Let us, Some, Any, All,
Every, Each, One, Two, After, Before, Since, While, Because, Although, Maybe, Perhaps, Only, Even, Still, Both,
Another, Other, Most, Many, Much, More, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday,
Everyone, Everything, Something, Nothing, Nobody, Sounds, Looks, Glad, Happy, Sorry, Sure, Great, Good, Nice,
Hope, Hello, Hi, Hey, Dear, Remember, Forget, Always, Never, Do, Does, Done, Fine, Ready, Back, Lost, Stuck, Tired,
Busy, Confused, Curious, Hungry, Sick, Bored, Free, Late, Early, Okay, Ok, Right, Wrong, New, Home, Off, Out
""")

PRODUCTS: Final = frozenset(
    word.lower()
    for word in _listed("""
Postgres, PostgreSQL, MySQL, MariaDB, SQLite, Oracle, MongoDB, DynamoDB, Redis, Cassandra, Elasticsearch, OpenSearch,
Snowflake, BigQuery, Databricks, Kafka, RabbitMQ, Spark, Airflow, AWS, Amazon, Azure, GCP, Google, Heroku, Vercel,
Netlify, Cloudflare, Kubernetes, Docker, Podman, Terraform, Pulumi, Ansible, Jenkins, GitHub, GitLab, Bitbucket, Git,
Python, Ruby, Rust, Go, Golang, TypeScript, JavaScript, Kotlin, Swift, Scala, PHP, React, Vue, Angular, Svelte, Next,
Node, Bun, Deno, Django, Flask, FastAPI, Rails, Laravel, Spring, Linux, Ubuntu, Debian, Fedora, Windows, Mac, macOS,
Android, iOS, Chrome, Firefox, Safari, Slack, Teams, Zoom, Discord, Telegram, WhatsApp, Signal, Jira, Linear, Notion,
Asana, Trello, Figma, Outlook, Gmail, Excel, Salesforce, HubSpot, Stripe, Shopify, OpenAI, Claude, Gemini, Bedrock,
Emacs, Vim, VS, Sales, Marketing, Finance, Accounting, Engineering, Operations, Support, Legal, HR, IT, Fear, Peace
""")
)
"""What people move to or live in that is no place. Only the first word is looked at: Google Cloud, Next.js."""

LANGUAGES: Final = (
    "English|German|French|Spanish|Portuguese|Italian|Dutch|Swedish|Norwegian|Danish|Finnish|Polish"
    "|Czech|Hungarian|Greek"
    "|Turkish|Russian|Ukrainian|Arabic|Hebrew|Hindi|Chinese|Mandarin|Cantonese|Japanese|Korean"
    "|Vietnamese|Thai|Indonesian"
)

NATIONALITIES: Final = LANGUAGES + (
    "|American|British|Canadian|Australian|Irish|Scottish|Welsh|Austrian|Swiss|Belgian|Brazilian"
    "|Mexican|Argentinian"
    "|Colombian|Chilean|Peruvian|Indian|Pakistani|Nigerian|Kenyan|Egyptian|Moroccan|Iranian|Israeli"
    "|Romanian|Bulgarian"
    "|Croatian|Serbian|Icelandic|Filipino|Malaysian|Singaporean|Taiwanese|Ethiopian|Ghanaian|Lebanese"
    "|Estonian|Latvian"
    "|Lithuanian|Slovak|Slovenian|African|European|Asian|Latino|Muslim|Christian|Jewish|Buddhist"
    "|Hindu|Catholic|Vegan"
    "|Vegetarian|Fine|Good|Great|Sorry|Happy|Sad|Ok|Okay|Back|New|Sure|Ready|Busy|Tired|Sick"
)
"""Capitalised words that may follow "I am" without being a name."""
