"""Structured logs on stderr: JSON, with everything that could be about a person taken out."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

REDACTED = "[redacted]"
_KEYS = re.compile(
    r"e.?mail|phone|name$|^name|address|birth|token|secret|password|authorization|cookie|body|value|note|payload",
    re.IGNORECASE,
)
_TEXTS = re.compile(
    r"[^\s@<>\"']+@[^\s@<>\"']+\.\w+"  # e-mail addresses
    r"|\+?\d[\d\s().-]{6,}\d"  # phone numbers, and other long numbers
    r"|psv_[A-Za-z0-9_-]+"  # our tokens
    r"|pcf1\.[A-Za-z0-9_-]+"  # sealed values
)
_SAFE = frozenset({"event", "level", "timestamp", "logger", "request_id", "route", "ms", "status", "method", "version"})


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: values of telling keys go; addresses and numbers in any text go."""
    for key, value in event.items():
        if key in _SAFE:
            event[key] = _clean_text(value) if isinstance(value, str) and key == "event" else value
        else:
            event[key] = REDACTED if _KEYS.search(key) and value is not None else _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, Mapping):
        return {k: REDACTED if _KEYS.search(str(k)) else _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(v) for v in value]
    return value


def _clean_text(text: str) -> str:
    return _TEXTS.sub(REDACTED, text)


def _where(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its kind and places in the code; its message may quote what somebody sent."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        places, frame = [], error.__traceback__
        while frame is not None:
            places.append(f"{frame.tb_frame.f_code.co_filename.rpartition('/')[2]}:{frame.tb_lineno}")
            frame = frame.tb_next
        event["exception"], event["at"] = type(error).__name__, places[-12:]
    return event


def configure(level: int = logging.INFO) -> None:
    """Our logs and everybody else's through the same processors; a library's own message is cleaned like ours."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
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
    for noisy in ("dbos", "httpx", "httpcore", "alembic", "presidio-analyzer"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
