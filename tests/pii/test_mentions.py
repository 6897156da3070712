"""What a text is asked about: whose names, addresses and numbers may stand in it."""

import pytest

from privacy_svc.pii import Asked, Mentions, known_values_in, redact


def asked(text: str, own: set[str] | None = None) -> Asked:
    return Mentions(text, "en", own or set()).asked([])


def without(text: str, known: Asked, own: set[str] | None = None) -> str:
    mentions = Mentions(text, "en", own or set())
    mentions.asked([])
    return redact(text, mentions.found(known))


ZYX = Asked(names=frozenset({("Zyx", "Qwrtl"), ("Qwrtl", "Zyx")}))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Zyx Qwrtl came by.", "[PERSON] came by."),
        ("Qwrtl, Zyx: paid", "[PERSON]: paid"),
        ("Zyx J. Qwrtl came", "[PERSON] came"),
        ("Zyx Maria Qwrtl came", "[PERSON] came"),
        ("Zyx Qwrtl's box. Qwrtl called, and ZYX.", "[PERSON]'s box. [PERSON] called, and [PERSON]."),
        ("<p>Zyx <b>Qwrtl</b></p>", "<p>[PERSON]<b>[PERSON]</b></p>"),
        ("Zyx came. Qwrtl went.", "Zyx came. Qwrtl went."),
        ("Zyx told us that Qwrtl went", "Zyx told us that Qwrtl went"),
    ],
)  # fmt: skip
def test_the_parts_of_a_name_stand_together(text: str, left: str) -> None:
    """In either order, with one word between them, cut by tags; then each part by itself. Apart they are nobody's."""
    assert without(text, ZYX) == left


def test_a_part_that_is_a_word_goes_only_with_the_other() -> None:
    """Who is called Mark Rose takes the verb and the flower out of nothing."""
    known = Asked(names=frozenset({("Mark", "Rose")}))
    assert without("Mark Rose called. Mark the Rose box.", known) == "[PERSON] called. Mark the Rose box."


def test_what_is_asked() -> None:
    """Addresses and numbers of any form; nothing of one's own name, and no two plain words."""
    found = asked(
        "Ask bo@intranet, 0309018-2043 or Ana Berg, thank you. Please Open Door Parcel.", {"ana", "figueiredo"}
    )
    assert found.emails == {"bo@intranet"}
    assert found.phones == {"0309018-2043"}
    assert ("Ana", "Berg") in found.names
    assert not {("Open", "Door"), ("Door", "Parcel")} & found.names
    assert not asked("Figueiredo, Ana", {"ana", "figueiredo"}).names
    assert "bo@intranet" not in repr(found)


def test_shouted_texts_ask_little() -> None:
    """A text in capitals asks for neighbours alone, however long it is."""
    assert len(asked("ZYXA QWRTB ZYXC QWRTD ZYXE QWRTF ZYXG QWRTH ZYXI QWRTJ").names) == 9


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("31.01.1980", "1980-01-31"),
        ("01/31/1980", "1980-01-31"),
        ("1980-01-31", "1980-01-31"),
        ("31. Januar 1980", "1980-01-31"),
        ("January 31st, 1980", "1980-01-31"),
        ("31 janvier 1980", "1980-01-31"),
        ("31 de enero de 1980", "1980-01-31"),
        ("5 juillet 1980", "1980-07-05"),
        ("5 mai 1980", "1980-05-05"),
        ("5 März 1980", "1980-03-05"),
    ],
)
def test_days(written: str, day: str) -> None:
    """A date is known in the spellings of six languages."""
    assert [f.end - f.start for f in known_values_in(written, (), [day])] == [len(written)]
