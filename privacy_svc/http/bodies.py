"""Strict JSON in, JSON out."""

import enum
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from litestar import Request
from litestar.openapi import ResponseSpec
from litestar.types import Receive, Scope, Send

from privacy_svc.errors import BadRequest, Fault, InvalidBody, PrivacyError, nearest

T = TypeVar("T")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")
_PLACE = re.compile(r" - at `(?P<path>[^`]+)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
DEEPEST = 64
"""Most objects and lists inside one another: what is taken in is walked by recursion later on."""
TOO_DEEP = f"The JSON is nested too deeply: at most {DEEPEST} objects and lists stand inside one another."
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""Not behind another backslash, which would make it six harmless characters."""
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


def decode(body: bytes, kind: type[T], *, nul: bool = False) -> T:
    """The body as `kind`, strictly: no coercion, no unknown field, no NaN, no NUL, no second document or reading.

    Raises InvalidBody with a JSON pointer and what would be right: the place or name of a field, the allowed words.
    `nul` lets it pass, for values of a store that may hold it.
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
    if not nul and holds_nul(body):
        raise InvalidBody("A text holds the character U+0000, which PostgreSQL cannot keep.")
    check_reading(body)
    return decoded


def holds_nul(valid: bytes) -> bool:
    """Whether a text of this JSON holds the character U+0000, not only a backslash before `u0000`."""
    return b"\\u0000" in valid and _NUL.search(valid) is not None


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
    if len(dict(pairs)) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise InvalidBody("A name stands twice in one object.", faults=[Fault(f"/{twice}", "stands there twice")])


def fault(error: msgspec.ValidationError, kind: Any) -> Fault:
    """msgspec's message as pointer and detail."""
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else "$"
    steps = _STEP.findall(path)
    pointer = "".join("/" + (a or b).replace("~", "~0").replace("/", "~1") for a, b in steps)
    names = tuple(a for a, _ in steps if a)
    detail = text[: place.start()] if place else text
    unknown = _UNKNOWN.search(detail)
    if unknown:
        detail += _suggestion(unknown["name"], names, kind)
        pointer += "/" + unknown["name"]
    elif detail.startswith("Invalid enum value"):
        detail += _allowed(names, kind)
    return Fault(pointer, detail)


Path = tuple[str, ...]
"""Names of fields from the outermost struct on. Items of a list have the list's."""


def _suggestion(name: str, within: Path, kind: Any) -> str:
    """Where an unknown field belongs, or what was probably meant: rather a field of the same struct."""
    known = [path for path, _ in _fields(kind)]
    places = [_place(path[:-1]) for path in known if path[-1] == name]
    if places:
        return f", which belongs {' or '.join(places)}"
    same = [path for path in known if path[:-1] == within]
    for paths, said in ((same, lambda path: path[-1]), (known, ".".join)):
        near = nearest(name, {path[-1] for path in paths})
        if near:
            return f", did you mean `{said(next(path for path in paths if path[-1] == near))}`?"
    return ""


def _place(path: Path) -> str:
    return f"in `{'.'.join(path)}`" if path else "at the top level"


def _fields(kind: Any, above: Path = (), seen: tuple[Any, ...] = ()) -> Iterator[tuple[Path, Any]]:
    """All fields of a struct and of the structs inside it, with their types."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
        for f in msgspec.structs.fields(kind):
            path = (*above, f.encode_name)
            yield path, f.type
            yield from _fields(f.type, path, (*seen, kind))
    for part in getattr(kind, "__args__", ()):
        yield from _fields(part, above, seen)


def _allowed(path: Path, kind: Any) -> str:
    words = [word for found, of in _fields(kind) if found == path for word in _words(of)]
    return f", allowed: {', '.join(dict.fromkeys(words))}" if words else ""


def _words(kind: Any) -> Iterator[str]:
    """Of the enums and literals in a type."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        yield from (str(member.value) for member in kind)
    elif get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    else:
        for part in getattr(kind, "__args__", ()):
            yield from _words(part)
