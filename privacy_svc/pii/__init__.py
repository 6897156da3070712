"""Personal data in columns and in free text, found offline."""

from privacy_svc.pii.columns import ColumnFacts, Context, Guess, Kind, classify_column, context_of
from privacy_svc.pii.words import is_organisation, split, subject_of

__all__ = [
    "ColumnFacts",
    "Context",
    "Guess",
    "Kind",
    "classify_column",
    "context_of",
    "is_organisation",
    "split",
    "subject_of",
]
