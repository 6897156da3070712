"""A larger model, where one is named: used as it is found, never fetched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy

from privacy_svc.pii import ModelMissing, detect, use_model


@pytest.fixture(autouse=True)
def _none_after() -> Iterator[None]:
    yield
    use_model("")


def test_a_spacy_model_of_ones_own(tmp_path: Path) -> None:
    """A pipeline in a folder adds its people, under its name; without it they are not found."""
    pipeline = spacy.blank("en")
    rules = pipeline.add_pipe("entity_ruler")
    rules.add_patterns([{"label": "PERSON", "pattern": "zbygniew"}, {"label": "ORG", "pattern": "acme"}])  # type: ignore[attr-defined] # of the ruler
    pipeline.to_disk(tmp_path / "own")
    text = "asked zbygniew of acme"
    assert detect(text) == []
    use_model(f"spacy:{tmp_path / 'own'}")
    assert [(f.entity, text[f.start : f.end], f.recognizer) for f in detect(text)] == [("PERSON", "zbygniew", "Model")]


@pytest.mark.parametrize(
    "named", ["spacy:xx_no_such_model", "spacy:/no/such/folder", "transformers:x/y", "gliner:z", "spacy:"]
)
def test_a_missing_model(named: str) -> None:
    """What is not here is refused with the setting's name and the way out, and nothing is asked of a network."""
    with pytest.raises(ModelMissing) as error:
        use_model(named)
    assert "pii_model" in str(error.value.faults)


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    """A folder without a model's files is refused at the start, not by the first text."""
    (tmp_path / "readme.txt").write_text("no model")
    with pytest.raises(ModelMissing, match=r"config\.cfg"):
        use_model(f"spacy:{tmp_path}")
