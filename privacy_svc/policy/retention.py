"""How long what is kept (Art. 5(1)(e) GDPR): rules of the data map for rows and fields, and for whole persons what the
purposes say. Pure values, and reading them."""

from dataclasses import dataclass

from privacy_svc.policy.reading import Block

RELATIONSHIP_END = "relationship_end"
"""In `start`: the day on which the person's relationship ended, instead of a column."""
_RULE = ("rule", "period", "from", "fields")
_RULES = ("automatic", "a_day", "approval")
A_DAY = 500
_MOST_A_DAY = 100_000


@dataclass(frozen=True, slots=True)
class RowRule:
    """Rows of one collection end a `period` (ISO 8601) after the day in the column `start`: as erasure treats them, or
    only the named `fields`."""

    name: str
    period: str
    start: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Of the whole organisation."""

    automatic: bool = False
    """The worker ends what is over by itself, in pieces; else `retention run` does, by hand."""
    a_day: int = A_DAY
    """Most people, and most rows, that the worker ends a day by one rule."""
    by_person: bool = False
    """A person approves each erasure of somebody; else the rule's name is the approval."""


def read_row_rules(privacy: Block) -> tuple[RowRule, ...]:
    found: list[RowRule] = []
    for node in privacy.items("retention"):
        block = Block(node, privacy.faults, _RULE, "retention rule")
        name, start = block.text("rule", required=True), block.text("from", required=True)
        period = block.duration("period", required=True, nothing=False) or "P0D"
        found.append(RowRule(name, period, start, tuple(word for word, _ in block.words("fields"))))
    return tuple(found)


def read_retention(organisation: Block) -> RetentionRules:
    block = organisation.block("retention", _RULES)
    return RetentionRules(
        automatic=block.boolean("automatic"),
        a_day=block.integer("a_day", least=1, most=_MOST_A_DAY) or A_DAY,
        by_person=block.word("approval", ("policy", "person")) == "person",
    )
