"""Personal data in text and in the columns of a database: found, categorised, redacted.

Text goes through Presidio's recognisers (https://microsoft.github.io/presidio/), without a model and without a
network; columns are judged by name, type, keys and a sample. Categories are fideslang's. Importing this room is
cheap: Presidio is loaded by the first text.
"""

from privacy_svc.pii import routes
from privacy_svc.pii.engine import detect
from privacy_svc.pii.errors import UnknownLanguage
from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.guessing import ColumnFacts, ColumnGuess, Context, Kind, context_of, guess_column
from privacy_svc.pii.headers import category_of_column, is_organisation, is_vague, only_of_staff, split, subject_of
from privacy_svc.pii.known import known_values_in, name_parts, spellings
from privacy_svc.pii.markup import readings
from privacy_svc.pii.mentions import Asked, Mentions, Pair, words_of
from privacy_svc.pii.models import ModelMissing, use_model
from privacy_svc.pii.names import LANGUAGES
from privacy_svc.pii.others import Own, examined, others_and_own_in
from privacy_svc.pii.redaction import Style, redact
from privacy_svc.pii.scripts import UMLAUT, UNSPACED, flat, folded, is_unspaced, unspaced_runs
from privacy_svc.pii.unwanted import unwanted_in

HANDLERS = routes.HANDLERS

__all__ = [
    "HANDLERS",
    "LANGUAGES",
    "UMLAUT",
    "UNSPACED",
    "Asked",
    "ColumnFacts",
    "ColumnGuess",
    "Context",
    "Finding",
    "Kind",
    "Mentions",
    "ModelMissing",
    "Own",
    "Pair",
    "Style",
    "UnknownLanguage",
    "category_of_column",
    "context_of",
    "detect",
    "examined",
    "flat",
    "folded",
    "guess_column",
    "is_organisation",
    "is_unspaced",
    "is_vague",
    "known_values_in",
    "name_parts",
    "only_of_staff",
    "others_and_own_in",
    "readings",
    "redact",
    "spellings",
    "split",
    "subject_of",
    "unspaced_runs",
    "unwanted_in",
    "use_model",
    "without_overlaps",
    "words_of",
]
