"""organisation.yml, `deadlines` and `four_eyes`: how time is counted and how many people decide about a request."""

from datetime import date

import holidays

from privacy_svc.policy.controller import DeadlineRules, FourEyes
from privacy_svc.policy.reading import Block

LAWS = ("EU", "UK")
_DEADLINES = ("law", "region", "holidays", "warn_days", "ask_days", "remind_days", "answer_days")
_FOUR_EYES = ("rights", "refusals", "apart")
_MOST_DAYS = 60


def read_deadlines(organisation: Block, country: str) -> DeadlineRules:
    """One word, `deadlines: EU`, is the same as a block with that `law` alone."""
    node = organisation.get("deadlines")
    if node is None or node.kind != "map":
        rules = DeadlineRules(organisation.word("deadlines", LAWS) or "EU")
        _check_place(organisation, "deadlines", country, "")
        return rules
    block = organisation.block("deadlines", _DEADLINES)
    usual = DeadlineRules()
    region = block.text("region")
    _check_place(block, "region", country, region)
    remind = _days(block, "remind_days", usual.remind_days)
    answer = _days(block, "answer_days", usual.answer_days)
    if remind >= answer:
        block.fault("remind_days", f"'remind_days' must be fewer than the {answer} 'answer_days'")
    return DeadlineRules(
        law=block.word("law", LAWS, required=True) or "EU",
        region=region,
        holidays=_dates(block),
        warn_days=_warn_days(block, usual.warn_days),
        ask_days=_days(block, "ask_days", usual.ask_days),
        remind_days=remind,
        answer_days=answer,
    )


def read_four_eyes(organisation: Block, rights: tuple[str, ...]) -> FourEyes:
    block = organisation.block("four_eyes", _FOUR_EYES)
    return FourEyes(
        rights=frozenset(block.names("rights", rights, "right")),
        refusals=block.boolean("refusals"),
        apart=block.boolean("apart"),
    )


def _check_place(block: Block, key: str, country: str, region: str) -> None:
    """Days are counted by public holidays, so a place of which none are known cannot be counted in."""
    known = holidays.list_supported_countries()
    if country and country not in known:
        block.fault(key, f"no public holidays are known for the controller's country {country!r}")
    elif region and region not in known.get(country, []):
        block.faults.unknown(block.place(key), f"region of {country or 'no country'}", region, known.get(country, []))


def _days(block: Block, key: str, usual: int) -> int:
    found = block.integer(key, least=1, most=_MOST_DAYS)
    return usual if found is None else found


def _dates(block: Block) -> frozenset[date]:
    found = set()
    for word, place in block.words("holidays"):
        try:
            found.add(date.fromisoformat(word))
        except ValueError:
            block.faults.at(place, f"{word!r} is not a day such as 2026-12-24")
    return frozenset(found)


def _warn_days(block: Block, usual: tuple[int, ...]) -> tuple[int, ...]:
    if "warn_days" not in block:
        return usual
    found = set()
    for word, place in block.words("warn_days"):
        if word.isascii() and word.isdigit() and 1 <= int(word) <= _MOST_DAYS:
            found.add(int(word))
        else:
            block.faults.at(place, f"{word!r} is not a number of days from 1 to {_MOST_DAYS}")
    return tuple(sorted(found, reverse=True))
