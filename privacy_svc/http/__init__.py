"""The ground every room's routes.py stands on: roles, callers, strict bodies, problem+json.

Nothing here knows a room. Bodies are decoded strictly (an unknown field is an error that
names the nearest known one), errors follow RFC 9457, and a route states who may call it
with `allow(...)`; a route without it fails at start.
"""

from privacy_svc.http.bodies import Encoded, answers, body_of, check_reading, decode, encode, fault, holds_nul
from privacy_svc.http.customers import Contact, CustomerDirectory, CustomerRef, NotAdmitted
from privacy_svc.http.media import only_known_media, takes
from privacy_svc.http.middleware import Around, surround
from privacy_svc.http.once import HEADER as IDEMPOTENCY_KEY
from privacy_svc.http.once import UNKEYED, Change, KeyReused, Once, Sent, carry_out, forget_spent_keys, once_of_request
from privacy_svc.http.parts import keep_parts, parts_of
from privacy_svc.http.problems import (
    PROBLEM_JSON,
    NotAcceptable,
    Problem,
    TooManyRequests,
    exception_handlers,
    problem_headers,
)
from privacy_svc.http.problems import privacy_error as answer_problem
from privacy_svc.http.queries import ANY_QUERY, UnknownParameter, only_known_parameters
from privacy_svc.http.roles import Caller, Role, allow
from privacy_svc.http.shapes import addresses

__all__ = [
    "ANY_QUERY",
    "IDEMPOTENCY_KEY",
    "PROBLEM_JSON",
    "UNKEYED",
    "Around",
    "Caller",
    "Change",
    "Contact",
    "CustomerDirectory",
    "CustomerRef",
    "Encoded",
    "KeyReused",
    "NotAcceptable",
    "NotAdmitted",
    "Once",
    "Problem",
    "Role",
    "Sent",
    "TooManyRequests",
    "UnknownParameter",
    "addresses",
    "allow",
    "answer_problem",
    "answers",
    "body_of",
    "carry_out",
    "check_reading",
    "decode",
    "encode",
    "exception_handlers",
    "fault",
    "forget_spent_keys",
    "holds_nul",
    "keep_parts",
    "once_of_request",
    "only_known_media",
    "only_known_parameters",
    "parts_of",
    "problem_headers",
    "surround",
    "takes",
]
