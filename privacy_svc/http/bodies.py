"""Strict JSON in, JSON out."""

import difflib
import json
import re
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.openapi import ResponseSpec
from litestar.types import Receive, Scope, Send

from privacy_svc.errors import BadRequest, Fault, InvalidBody, PrivacyError

T = TypeVar("T")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")
_PLACE = re.compile(r" - at `(?P<path>[^`]+)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
DEEPEST = 64
"""Most objects and lists inside one another: what is taken in is walked by recursion later on."""
TOO_DEEP = f"The JSON is nested too deeply: at most {DEEPEST} objects and lists stand inside one another."
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE = bytes.maketrans(b"{}", b"[]")


def encode(value: object) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)


async def body_of(request: Request[Any, Any, Any]) -> bytes:
    """For routes that are given nothing by Litestar, which reads all headers before a body. Raises BadRequest."""
    chunks = []
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise BadRequest("The body ended before its end.")
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


class Encoded:
    """A 200 of JSON, for routes that are asked thousands of times a second: Litestar's own response takes longer than a
    decision. Such a route is annotated `ASGIApp` and says what it answers by `responses=answers(…)`."""

    __slots__ = ("body",)

    def __init__(self, value: object) -> None:
        self.body = encode(value)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        length = (b"content-length", str(len(self.body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [_JSON, length]})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


_JSON = (b"content-type", b"application/json")


def answers(kind: Any) -> dict[int, ResponseSpec]:
    return {200: ResponseSpec(kind, description="Request fulfilled, document follows", generate_examples=False)}


def decode(body: bytes, kind: type[T]) -> T:
    """The body as `kind`, strictly: no coercion, no unknown field, no NaN, no second document, no second reading.

    Raises InvalidBody with a JSON pointer and, for an unknown field, the nearest known one.
    """
    if not body:
        raise InvalidBody("The body is empty; JSON is expected.")
    try:
        decoded = msgspec.json.decode(body, type=kind, strict=True)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, PrivacyError):
            raise error.__cause__ from None
        raise InvalidBody("The body does not fit.", faults=[fault(error, kind)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidBody(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise InvalidBody(TOO_DEEP) from None
    check_reading(body)
    return decoded


def check_reading(valid: bytes) -> None:
    """Raises InvalidBody for JSON that is nested too deeply, or has a name twice in one object, of which readers take
    different ones."""
    if not _is_flat(valid) and not _is_flat(_TEXT.sub(b"", valid)):
        raise InvalidBody(TOO_DEEP)
    json.loads(valid, object_pairs_hook=_once, parse_int=str, parse_float=str)


def _is_flat(valid: bytes) -> bool:
    """Each round takes away the innermost brackets. Those in texts may make it say no."""
    left = valid.translate(_SQUARE, _NO_BRACKETS)
    for _ in range(DEEPEST):
        if not left:
            return True
        left = left.replace(b"[]", b"")
    return not left


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        twice = next(name for n, name in enumerate(names) if name in names[:n])
        raise InvalidBody("A name stands twice in one object.", faults=[Fault(f"/{twice}", "stands there twice")])


def fault(error: msgspec.ValidationError, kind: Any) -> Fault:
    """msgspec's message as pointer and detail."""
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else "$"
    pointer = "".join("/" + (a or b).replace("~", "~0").replace("/", "~1") for a, b in _STEP.findall(path))
    detail = text[: place.start()] if place else text
    unknown = _UNKNOWN.search(detail)
    if unknown:
        detail += _suggestion(unknown["name"], kind)
        pointer += "/" + unknown["name"]
    return Fault(pointer, detail)


def _suggestion(name: str, kind: Any) -> str:
    near = difflib.get_close_matches(name, sorted(_field_names(kind, set())), n=1)
    return f", did you mean `{near[0]}`?" if near else ""


def _field_names(kind: Any, seen: set[Any]) -> set[str]:
    """All field names of a struct and the structs inside it."""
    names: set[str] = set()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
        seen.add(kind)
        for f in msgspec.structs.fields(kind):
            names |= {f.encode_name} | _field_names(f.type, seen)
    for part in getattr(kind, "__args__", ()):
        names |= _field_names(part, seen)
    return names
