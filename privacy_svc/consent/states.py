"""What a person can have said: the states of consent of the W3C Data Privacy Vocabulary."""

import enum


class State(enum.StrEnum):
    """Only `given` permits. `expired` is never written: it is what `given` becomes after `valid_until`."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"


class Method(enum.StrEnum):
    """How it was said. `explicit` is a statement of its own, as special categories need (Art. 9(2)(a))."""

    EXPRESSED = "expressed"
    EXPLICIT = "explicit"


IMPORTED = "imported"
"""The method of a record from an old table that does not prove what was shown, or how it was said. Only an import
writes it; whether it permits is for the policy to say (`accept_imported`)."""
DOUBLE_OPT_IN = "double_opt_in"
"""In the evidence of a confirmed consent: an object with `confirmed_at`."""
