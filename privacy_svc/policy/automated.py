"""Decisions about people by automated means alone (Art. 22 GDPR): what a purpose says of them. Pure values."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class AutomatedGround(enum.StrEnum):
    """Art. 22(2)(a) to (c): what allows such a decision."""

    CONTRACT = "contract"
    LAW = "law"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Automated:
    """`logic` and `consequences` are told to the person (Art. 13(2)(f), 15(1)(h)), in each language."""

    logic: Mapping[str, str]
    consequences: Mapping[str, str]
    ground: AutomatedGround
    law: str = ""
    """Which law allows it, with the ground `law`."""
