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


@pytest.mark.parametrize("part", ["1 ", "password: ", "eyJ", "a.", "union ", "4111-"])
def test_long_texts_end(part: str) -> None:
    """A hostile text is looked through once."""
    unwanted_in(part * (200_000 // len(part)))
