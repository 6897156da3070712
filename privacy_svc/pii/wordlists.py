"""First names, surnames, places, and the common words of a language: which of them a capital makes a person.

Kept as files beside this one, made by tools/word_lists.py; their sources and licences stand in NOTICE.
"""

from functools import cache
from importlib.resources import files


@cache
def first_names() -> frozenset[str]:
    return _read("first_names")


@cache
def last_names() -> frozenset[str]:
    return _read("last_names")


@cache
def places() -> frozenset[str]:
    return _read("places")


@cache
def common_words(language: str) -> frozenset[str]:
    return _read(f"words_{language}")


def _read(name: str) -> frozenset[str]:
    return frozenset((files("privacy_svc.pii") / "words" / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1])
