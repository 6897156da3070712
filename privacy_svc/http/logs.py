"""Structured logs on stderr: JSON lines, with everything that could be about a person taken out.

the request → exceptions as places in the code → redaction → JSON. Other libraries' logs go the same way.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, TextIO

import structlog

REDACTED = "[redacted]"
_KEYS = re.compile(
    r"e.?mail|phone|(^|_)name$|^name|address|birth|token|secret|password|authori[sz]ation|cookie|body|value|note"
    r"|payload|params|query|^path$|url|headers|customer",
    re.IGNORECASE,
)
_TEXTS = re.compile(
    r"[^\s@<>\"'=&?]+@[^\s@<>\"'&?]+\.\w+"  # e-mail addresses
    r"|(?<=://)[^\s/@]+@"  # credentials in a URL
    r"|(?<![\w-])\+?\d[\d\s()./-]{6,}\d(?![\w-])|\+\d[\d\s()./-]{6,}\d"  # phone numbers, dates, other long numbers
    r"|Bearer\s+\S+"
    r"|psv_[\w-]+"  # our tokens
    r"|(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{32,}"  # others' tokens: long, mixed case, with digits
    r"|pcf1\.[\w-]+"  # sealed values
)
_LONGEST = 4000
"""Letters of a text that are logged; `_TEXTS` takes the square of their number."""
_OURS = frozenset({"level", "timestamp", "logger", "request_id", "route", "ms", "status", "method", "version", "at"})
"""Words and numbers we write ourselves; a timestamp would look like a phone number."""
_NOISY = ("dbos", "httpx", "httpcore", "alembic", "presidio-analyzer")


REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that is being answered. structlog's own context variables cost more than all else around a request."""


def of_request(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: which request a line belongs to."""
    request_id = REQUEST_ID.get()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


def clean(text: str) -> str:
    """The text's beginning without what is shaped like an e-mail address, a phone number or a token."""
    return _TEXTS.sub(REDACTED, text[:_LONGEST])


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: values of telling keys go; addresses, numbers and tokens in any text go."""
    for key, value in event.items():
        if key not in _OURS and not key.startswith("_"):
            event[key] = _clean_item(key, value)
    return event


def _clean_item(key: object, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return REDACTED if _KEYS.search(str(key)) else _clean(value)


def _clean(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {clean(str(k)): _clean_item(k, v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(v) for v in value]
    return clean(str(value))


def places(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: an exception as its kind and its places in the code; never its message, which may
    quote what somebody sent or a row of a database."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = [type(e).__name__ for e in _causes(error)]
        event["at"] = _frames(_causes(error)[-1])
    event.pop("stack_info", None)
    return event


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what caused it, at most five deep."""
    found = [error]
    while (cause := found[-1].__cause__) is not None and len(found) < 5:
        found.append(cause)
    return found


def _frames(error: BaseException) -> list[str]:
    found, frame = [], error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        found.append(f"{'/'.join(code.co_filename.rsplit('/', 2)[1:])}:{frame.tb_lineno}")
        frame = frame.tb_next
    return found[-12:]


def configure(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Our logs and everybody else's through the same processors, one JSON line each, to stderr."""
    shared: list[Any] = [
        of_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        places,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    access = logging.getLogger("privacy_svc.access")  # its lines are whole: http/access.py
    access.handlers, access.propagate = [logging.StreamHandler(stream or sys.stderr)], False
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
