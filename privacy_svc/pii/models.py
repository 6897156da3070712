"""Larger models for names and places, where an organisation has one: `spacy:<path or name>`, `transformers:<path>`.

Never downloaded: what is not on this machine is refused at the start, with the way to get it. The libraries and the
model are loaded by the first text.
"""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from privacy_svc.errors import Fault, Misconfigured

SETTING = "pii_model"
LABELS = {"PER": "PERSON", "PERSON": "PERSON", "LOC": "LOCATION", "GPE": "LOCATION", "LOCATION": "LOCATION"}
"""What models call people and places; organisations are not people."""
MARKS = {"spacy": "config.cfg", "transformers": "config.json"}
"""The file that a model's folder has."""
SCORES = {"PERSON": 0.75, "LOCATION": 0.6}

Spans = Callable[[str], Iterator[tuple[str, int, int]]]
_named = ""


class ModelMissing(Misconfigured):
    slug, title = "model-missing", "The model for personal data in texts is not there"
    remedy = "Put the model on this machine and name it again, or leave `pii_model` empty: names are found without one."


def use_model(named: str) -> None:
    """For all texts of this process from now on; empty for none. Raises ModelMissing."""
    global _named  # noqa: PLW0603 - one engine a process, whoever asks it
    if named:
        _check(named)
    _named = named


def model() -> str:
    return _named


def read(named: str) -> Spans:
    """Loads the model."""
    kind, _, where = named.partition(":")
    return _spacy(where) if kind == "spacy" else _transformers(where)


def _check(named: str) -> None:
    kind, _, where = named.partition(":")
    if kind not in {"spacy", "transformers"} or not where:
        raise _missing("takes `spacy:<path or name>` or `transformers:<path>`")
    if find_spec(kind) is None:
        raise _missing(f"needs the library {kind}: `pip install {kind}`")
    installed = kind == "spacy" and where.isidentifier() and find_spec(where) is not None
    if installed:
        return
    if Path(where).is_dir():
        if not (Path(where) / MARKS[kind]).is_file():
            raise _missing(f"{where} is a folder without a model: its {MARKS[kind]} is not there")
    else:
        how = f"`python -m spacy download {where}`, or " if kind == "spacy" else ""
        raise _missing(f"{where} is neither installed nor a folder: {how}copy it here")


def _missing(why: str) -> ModelMissing:
    return ModelMissing(f"{SETTING} {why}.", faults=[Fault(SETTING, why)])


def _spacy(where: str) -> Spans:
    import spacy  # noqa: PLC0415 - only who names a model loads it

    pipeline: Any = spacy.load(where)

    def spans(text: str) -> Iterator[tuple[str, int, int]]:
        yield from ((e.label_, e.start_char, e.end_char) for e in pipeline(text).ents)

    return spans


def _transformers(where: str) -> Spans:
    import transformers  # noqa: PLC0415 - the same

    tagger: Any = transformers.pipeline("token-classification", model=where, aggregation_strategy="simple")

    def spans(text: str) -> Iterator[tuple[str, int, int]]:
        yield from ((str(e["entity_group"]), int(e["start"]), int(e["end"])) for e in tagger(text))

    return spans
