"""Is a column personal data, and of which category? Header words, types, keys and sampled values decide. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from privacy_svc.pii.frequencies import FEWEST_VALUES, effective_values
from privacy_svc.pii.headers import bare_name, category_of
from privacy_svc.pii.looks import (
    CONFIRMING,
    SHAPES,
    count,
    holds_email,
    is_card_number,
    is_international,
    national_id,
    texts,
)
from privacy_svc.pii.name_columns import LAST, names_in

Kind = Literal["text", "integer", "number", "date", "bool", "other"]

ENOUGH = 0.6
"""This much of a sample must look alike before values alone decide."""
CONTRADICTED = 0.2
"""Where fewer values than this fit a header, the header means something else."""
_FEW = 5
"""Fewer values than this contradict nothing."""

SURE = 0.9
"""This much where chance alone makes one of ten look right."""
_FEWEST_NUMBERS = 10
_DIALLED = ("user.contact.phone_number", "user.contact.fax_number")
"""Integers are these only where the header says so and nearly all could be dialled from abroad."""
_CARDS = "user.financial.credit_card"
_FEWEST_NAMES = 10
"""Fewer names may be anything's."""

_TEXT_ONLY = ("user.name", "user.contact.email", "user.contact.fax_number", "user.contact.phone_number", "user.content")
_ONLY = {
    "bool": {"user.privacy_preferences"},
    "date": {"user.demographic.date_of_birth", "user.privacy_preferences", "user.workplace"},
}
"""All that columns of these types can say of a person."""
_MUST_LOOK_SO = (
    "user.contact.email",
    "user.contact.phone_number",
    "user.contact.fax_number",
    "user.contact.address.postal_code",
)
"""A column called `mail` that holds yes and no is a preference, not an address; `cap` may be a hat."""
_DOUBTFUL = frozenset({"via", "str", "voie", "rue", "calle", "pan"})
"""Streets or cards, or something else where none of the values is one."""
_WRITTEN = 0.1
"""Where so many of the texts name an e-mail address, people write about people there."""
_STRONG = (
    "user.contact.email",
    "user.contact.phone_number",
    "user.name",
    "user.demographic.date_of_birth",
    "user.account.username",
)
_BY_VALUES_TOO = ("user.contact.email", "user.name")
_BY_PERSON = (
    "user.job_title",
    "user.contact.organization",
    "user.contact.url",
    "user.contact.address",
    "user.demographic.language",
    "user.demographic.age_range",
    "user.content.private",
    "user.location",
    "user.privacy_preferences",
    "user.social",
    "user.content.self_image",
    "user.unique_id",
    "user.workplace",
)
"""Also said of things and companies: personal only where the row is about a person."""
_BOOKED = frozenset({"account number", "kontonummer", "rekeningnummer"})
"""Also a ledger's."""
_NOT_BY_REFERENCE = ("user.job_title", "user.demographic.language", "user.demographic.age_range")
"""In an order or a ticket a title, a language, an age are the thing's own."""

Context = Literal["none", "owned", "person"]
"""What a row is: about nobody, about something of a person (a foreign key leads to one), or a person."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    name: str
    kind: Kind = "text"
    values: tuple[Any, ...] = ()
    key: bool = False
    """Primary or foreign: rows hang on it."""
    unique: bool = False
    """No two rows have the same value: people's names repeat, codes and titles do not."""

    def __repr__(self) -> str:
        return f"ColumnFacts({self.name!r}, {self.kind})"


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    category: str | None
    confidence: float = 0.0
    reasons: tuple[str, ...] = ()


NOTHING = ColumnGuess(None)


def guess_column(facts: ColumnFacts, context: Context = "none") -> ColumnGuess:
    """What one column holds. `context` decides about words that things and persons share."""
    if facts.key:
        return NOTHING
    found = texts(facts.values) if facts.kind != "other" else []
    header = _by_header(facts, found, context)
    if header.confidence >= 0.9:
        return header
    return max((header, _by_values(facts, found, context)), key=lambda g: g.confidence)


def context_of(columns: Sequence[ColumnFacts]) -> Context:
    """`person` where columns say so by themselves: names of people, e-mail, phone, date of birth. What values alone
    look like says nothing of the other columns, but for names and e-mail addresses."""
    for facts in columns:
        guess, named = guess_column(facts), category_of(facts.name)
        if guess.category and guess.category.startswith(_STRONG if named else _BY_VALUES_TOO):
            return "person"
    return "none"


def _by_header(facts: ColumnFacts, found: Sequence[str], context: Context) -> ColumnGuess:
    named = category_of(facts.name)
    if named is None or not _possible(*named, facts, context):
        return NOTHING
    category, words = named
    said = f"header says {words!r}"
    if category not in CONFIRMING or not found:
        codes = category.startswith("user.name") and found and max(map(len, found)) <= 2
        return NOTHING if codes else ColumnGuess(category, 0.8, (said,))
    what, shape = CONFIRMING[category]
    fitting = count(is_international if facts.kind == "integer" and category in _DIALLED else shape, found)
    doubtful = category in _MUST_LOOK_SO or words in _DOUBTFUL
    if doubtful and len(found) >= _FEW and fitting < CONTRADICTED * len(found):
        return NOTHING
    if facts.kind == "integer" and category in _DIALLED and fitting < SURE * len(found):
        return NOTHING
    if fitting < ENOUGH * len(found):
        return ColumnGuess(category, 0.75, (said,))
    return ColumnGuess(category, 0.95, (said, f"{fitting} of {len(found)} sampled values look like {what}"))


def _possible(category: str, words: str, facts: ColumnFacts, context: Context) -> bool:
    dialled = facts.kind == "integer" and category in _DIALLED and facts.values
    if facts.kind not in {"text", "other"} and category.startswith(_TEXT_ONLY) and not dialled:
        return False
    if category not in _ONLY.get(facts.kind, {category}):
        return False
    if bare_name(words) or category.startswith(_NOT_BY_REFERENCE):
        return context == "person"
    return context != "none" or not (category.startswith(_BY_PERSON) or words in _BOOKED)


def _by_values(facts: ColumnFacts, found: Sequence[str], context: Context) -> ColumnGuess:
    """Without a word in the header. A few values that many rows share are a status, a team, a mailbox."""
    if facts.kind not in {"text", "integer"} or not found or effective_values(found) < FEWEST_VALUES:
        return NOTHING
    numbered = _by_check_digits(found)
    if numbered is not None or facts.kind == "integer":
        return numbered or NOTHING
    return _by_looks(facts, found, context)


def _by_looks(facts: ColumnFacts, found: Sequence[str], context: Context) -> ColumnGuess:
    for category, (what, shape) in SHAPES.items():
        fitting = count(shape, found)
        if fitting < ENOUGH * len(found) or (context == "none" and category.startswith("user.contact.address")):
            continue
        return _looking(category, what, fitting, found, 0.85)
    if (writing := count(holds_email, found)) >= _WRITTEN * len(found):
        reason = f"{writing} of {len(found)} sampled texts name an e-mail address"
        return ColumnGuess("user.content.private", 0.7, (reason,))
    category, fitting = names_in(found) if _may_be_names(facts, found) else (LAST, 0)
    if fitting < ENOUGH * len(found) or (category == LAST and context == "none"):  # so are brands called
        return NOTHING
    return _looking(category, "names of people", fitting, found, 0.7)


def _by_check_digits(found: Sequence[str]) -> ColumnGuess | None:
    """Cards and national ids, also where they are stored as integers."""
    if len(found) < _FEWEST_NUMBERS:
        return None
    cards = count(is_card_number, found)
    if cards >= SURE * len(found):
        return _looking(_CARDS, "card numbers", cards, found, 0.85)
    ids = national_id(found, SURE)
    return _looking(ids[0], "national ids, by their check digits", ids[1], found, 0.8) if ids else None


def _may_be_names(facts: ColumnFacts, found: Sequence[str]) -> bool:
    return not facts.unique and len(found) >= _FEWEST_NAMES


def _looking(category: str, what: str, fitting: int, found: Sequence[str], most: float) -> ColumnGuess:
    """`most`: how certain it is where all values look so."""
    reason = f"{fitting} of {len(found)} sampled values look like {what}"
    return ColumnGuess(category, most * fitting / len(found), (reason,))
