"""What nobody should write into a note."""

import pytest

from privacy_svc.pii import unwanted_in


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("card 4111-1111-1111-1111 please", ["CREDIT_CARD"]),
        ("order 4111-1111-1111-1112, zeros 0000 0000 0000 0000", []),
        ("password: hunter22, api_key=abcd1234efgh", ["SECRET", "SECRET"]),
        ("the password is short; password is hunter22", ["SECRET"]),
        ("AKIAIOSFODNN7EXAMPLE", ["SECRET"]),
        ("She is pregnant and a union member.", ["HEALTH", "UNION"]),
        ("The European Union raised it; a union of sets", []),
        ("Er ist krankgeschrieben, katholisch und in der Gewerkschaft.", ["HEALTH", "RELIGION", "UNION"]),
        ("Elle est enceinte, en arrêt maladie.", ["HEALTH", "HEALTH"]),
        ("Está embarazada; es católica.", ["HEALTH", "RELIGION"]),
        ("È incinta ed è iscritta al sindacato.", ["HEALTH", "UNION"]),
        ("Zij is zwanger en lid van de vakbond.", ["HEALTH", "UNION"]),
        ("A gayly painted catholicity of illustrations", []),
    ],
)
def test_kinds(text: str, kinds: list[str]) -> None:
    """Cards with a right check digit, secrets, and words of Art. 9 in six languages, as whole words."""
    assert [f.entity for f in unwanted_in(text)] == kinds


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "HEALTH",
            "pregnancies, diabetics, schwangere, Schwangeren, Krankmeldung, krankgemeldet, kranke, Schwerbehinderte",
        ),
        (
            "HEALTH",
            "malades, diabétiques, handicapées, embarazadas, enfermos, discapacitados, incinte, disabili, zwangere",
        ),
        (
            "RELIGION",
            "Catholics, Muslims, katholischen, Katholikin, Muslimin, jüdischen, catholiques, musulmane, juives",
        ),
        ("RELIGION", "católicos, judías, musulmanes, cattolici, ebrei, katholieke, moslims, joodse"),
        (
            "UNION",
            "Gewerkschaften, gewerkschaftlich, syndicaliste, syndiquées, sindicalistas, sindacalisti, vakbondsleden",
        ),
        ("POLITICS", "communists, Kommunistin, socialistes, comunistas, comunisti, partijleden"),
        ("SEXUALITY", "lesbians, schwules, Lesben, homosexuelle, homosexuales, omosessuali, homoseksuelen"),
    ],
)
def test_forms_of_words(kind: str, words: str) -> None:
    """Words of Art. 9 in the forms that they have in a sentence, and in compounds."""
    for word in words.split(", "):
        text = f"xx {word} xx"
        assert [(f.entity, text[f.start : f.end]) for f in unwanted_in(text)] == [(kind, word)]


@pytest.mark.parametrize(
    "text",
    [
        "Krankenhaus, Krankenkasse, Krankenwagen, Judenburg, ziekenhuis, syndicated content, a depressing film",
        "Enceinte Bluetooth, une enceinte",
        "his golf handicap, a handicap of 12",
        "the account is disabled; this feature was disabled by default",
        "Hey Jude, le syndicat de copropriété",
        "password: forgotten, Passwort: zurückgesetzt. Mot de passe : oublié",
        "PIN: sent by post, PIN: siehe Brief, the secret: it is a good one",
        "IMEI 356938035643809, EAN 4006381333931",
        "token ring, pinned 4 notes",
    ],
)
def test_means_something_else(text: str) -> None:
    """What only looks like a secret, a card or a word of Art. 9."""
    assert unwanted_in(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CVV 123", "123"),
        ("CVC: 999, danke", "999"),
        ("PIN 4711", "4711"),
        ("meine PIN lautet 4711", "4711"),
        ("PW: sommer24", "sommer24"),
        ("das Passwort lautet Rosenbusch", "Rosenbusch"),
        ("Passwort: Rosenbusch, Konto 3", "Rosenbusch,"),
        ("mot de passe : soleil9", "soleil9"),
        ("contraseña: girasol9", "girasol9"),
        ("wachtwoord: tulpen9", "tulpen9"),
        ("token: abcdef123456", "abcdef123456"),
        ("access_token=abcdef123456", "abcdef123456"),
        ("key github_pat_11ABCDEFG0abcdefghijkl_mnop", "github_pat_11ABCDEFG0abcdefghijkl_mnop"),
        ("sk-proj-abcdefghijklmnopqrstuv12", "sk-proj-abcdefghijklmnopqrstuv12"),
    ],
)
def test_secrets(text: str, value: str) -> None:
    """Passwords, PINs, card checks and keys by their words, and only the value."""
    assert [text[f.start : f.end] for f in unwanted_in(text)] == [value]


KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
    "MIIEowIBAAKCAQEAx1\nq7Zz0w==\n-----END RSA PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"here: {KEY} thanks", KEY),
        (f"here: {KEY[:31]}\nMIIEowIBAAKCAQEAx1\nq7Zz0w== thanks", f"{KEY[:31]}\nMIIEowIBAAKCAQEAx1\nq7Zz0w=="),
        (f"password: {'aB3$' * 100} thanks", "aB3$" * 100),
        (f"token={'aB3-' * 500} thanks", "aB3-" * 500),
    ],
)
def test_nothing_of_a_secret_is_left(text: str, value: str) -> None:
    """However long it is, a key's lines and what its end is missing too."""
    assert [text[f.start : f.end] for f in unwanted_in(text)] == [value]


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("Karte 4111 1111 1111 1111 12/27", "4111 1111 1111 1111"),
        ("4111111111111111 123", "4111111111111111"),
        ("Karte 2 4111 1111 1111 1111", "4111 1111 1111 1111"),
        ("2 x 4111-1111-1111-1111 12 27 123", "4111-1111-1111-1111"),
    ],
)
def test_a_card_beside_other_numbers(text: str, card: str) -> None:
    """Its expiry, its code, a count."""
    assert [text[f.start : f.end] for f in unwanted_in(text) if f.entity == "CREDIT_CARD"] == [card]


@pytest.mark.parametrize("text", ["+41 1111 1111 1111 1111", "4111-1111-1111-1111-2", "90 4111111111111112 123"])
def test_what_only_holds_a_cards_digits(text: str) -> None:
    """A telephone number, a longer number with hyphens, a wrong check digit."""
    assert [f for f in unwanted_in(text) if f.entity == "CREDIT_CARD"] == []


@pytest.mark.parametrize("gap", [" ", "\u00a0", "\u202f", "\t", "  ", "-", "."])
def test_cards_with_any_space(gap: str) -> None:
    """A card is found whole whatever stands between its groups."""
    text = f"It is  {gap.join(['4111', '1111', '1111', '1111'])}  ok"
    assert [text[f.start : f.end] for f in unwanted_in(text)] == [gap.join(["4111", "1111", "1111", "1111"])]


@pytest.mark.parametrize(
    "part", ["1 ", "password: ", "eyJ", "a.", "union ", "4111-", "4111 ", "-----BEGIN PRIVATE KEY-----", "AAAA"]
)
def test_long_texts_end(part: str) -> None:
    """A hostile text is looked through once."""
    unwanted_in(part * (200_000 // len(part)))
