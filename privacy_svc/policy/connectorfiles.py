"""policies/connectors/*.yml: reading them, and what cannot be true of a connector."""

import re
from collections.abc import Collection as Collection_
from collections.abc import Sequence
from typing import Any

from privacy_svc.outbound import url_fault
from privacy_svc.policy.connectors import (
    Auth,
    AuthBy,
    Call,
    Connector,
    Correcting,
    Manual,
    Paging,
    PagingBy,
    Reading,
)
from privacy_svc.policy.datamap import Collection, Field
from privacy_svc.policy.datasets import read_source
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.taxonomy import Taxonomy
from privacy_svc.policy.yamlfile import Node

FOLDER = "connectors"
IDENTITY = "{identity}"
RIGHTS = ("access", "portability", "rectification", "restriction", "erasure")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_TOP = (
    "key", "title", "base_url", "auth", "identity", "access", "erasure", "rectification", "restriction",
    "restriction_end", "manual", "ping", "headers", "absent",
)  # fmt: skip
_HTTP = tuple(name for name in _TOP if name not in {"key", "title", "manual"})
_CALL = ("method", "path", "body")
_ACCESS = (*_CALL, "items", "collection", "fields", "paging")
_FIELD = ("from", "data_categories", "source", "received_from")
_MANUAL = ("instructions", "who", "rights")
_READING = ("GET", "POST")
_WRITING = ("DELETE", "POST", "PUT", "PATCH")
_POINTER = re.compile(r"(/([^~/]|~[01])*)*")
_CONTROLLED = frozenset({"authorization", "host", "content-length", "transfer-encoding", "connection", "cookie"})


def read_connector(root: Node, terms: Taxonomy, faults: Faults) -> Connector | None:
    block = Block(root, faults, ("connector",)).block("connector", _TOP, required=True)
    key, title = block.text("key", required=True), block.text("title", required=True)
    if key and not _KEY.fullmatch(key):
        block.fault("key", f"a connector is named in small letters, digits and _, not {key!r}")
    if not key:
        return None
    if "manual" in block:
        for name in (n for n in _HTTP if n in block):
            block.fault(name, "a system that a person sees to is not called: 'manual' alone")
        return Connector(key, title, manual=_manual(block.block("manual", _MANUAL)))
    return _http(key, title, block, terms)


def _http(key: str, title: str, block: Block, terms: Taxonomy) -> Connector:
    url = block.text("base_url", required=True).rstrip("/")
    if url and (fault := url_fault(url, prefix=True)):
        block.fault("base_url", f"'base_url' {fault}")
    access = _access(key, block, terms)
    erasure = _call(block.block("erasure", _CALL), "DELETE", _WRITING) if "erasure" in block else None
    if erasure is not None and access is None:
        block.fault("erasure", "needs 'access': afterwards it is asked again, and nothing may be found")
    rectification = _rectification(block)
    restriction = _call(block.block("restriction", _CALL), "POST", _WRITING) if "restriction" in block else None
    end = _call(block.block("restriction_end", _CALL), "DELETE", _WRITING) if "restriction_end" in block else None
    if end is not None and restriction is None:
        block.fault("restriction_end", "needs 'restriction': what was never told has no end")
    if not (access or erasure or rectification or restriction):
        block.fault("key", "does nothing: give it access, erasure, rectification or restriction, or a 'manual' task")
    return Connector(
        key=key,
        title=title,
        base_url=url,
        auth=_auth(block),
        identity=block.word("identity", ("email", "phone", "id")) or "email",
        access=access,
        erasure=erasure,
        rectification=rectification,
        restriction=restriction,
        restriction_end=end,
        ping=_path(block, "ping", identity=False) if "ping" in block else "/",
        headers=_headers(block),
        absent_is_404=block.word("absent", ("404",)) == "404",
    )


def _manual(block: Block) -> Manual:
    who = block.text("who", required=True)
    if who and "@" not in who:
        block.fault("who", "'who' is the e-mail address of the person who does it")
    rights = block.names("rights", RIGHTS, "right") or RIGHTS
    return Manual(block.text("instructions", required=True), who, rights)


def _auth(connector: Block) -> Auth | None:
    if "auth" not in connector:
        return None
    block = connector.block("auth", ("by", "secret", "header"))
    by, secret = block.choice("by", AuthBy, required=True), block.text("secret", required=True)
    if secret and not _KEY.fullmatch(secret):
        block.fault("secret", "'secret' is the name of a setting, secrets.<name>, never the secret itself")
    header = block.text("header", required=by is AuthBy.HEADER)
    if header and not _HEADER.fullmatch(header):
        block.fault("header", "'header' is the name of a header such as X-Api-Key")
    return Auth(by, secret, header) if by else None


def _headers(connector: Block) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, place, node in connector.entries("headers"):
        if not _HEADER.fullmatch(name) or name.lower() in _CONTROLLED or not node.text.isprintable():
            connector.faults.at(place, f"{name!r} is no header that a connector sets; secrets belong to 'auth'")
        found[name] = node.text
    return found


def _access(key: str, connector: Block, terms: Taxonomy) -> Reading | None:
    if "access" not in connector:
        return None
    block = connector.block("access", _ACCESS)
    name = block.text("collection", required=True)
    fields, pointers = [], {}
    for field, _, node in block.entries("fields", required=True):
        inner = Block(node, block.faults, _FIELD, f"field {field}")
        pointers[field] = _pointer(inner, "from")
        categories = terms.categories_of(inner, "data_categories", required=True)
        source, received_from = read_source(inner, (None, ""))
        fields.append(Field(field, categories, source=source, received_from=received_from))
    collection = Collection(key, name, tuple(fields))
    items = _pointer(block, "items")
    return Reading(_call(block, "GET", _READING), items, collection, pointers, _paging(block))


def _paging(access: Block) -> Paging | None:
    if "paging" not in access:
        return None
    block = access.block("paging", ("by", "param", "next", "first"))
    by = block.choice("by", PagingBy, required=True)
    if by is None:
        return None
    param = block.text("param", required=by is not PagingBy.LINK)
    following = _pointer(block, "next") if by is not PagingBy.PAGE else ""
    first = block.integer("first")
    return Paging(by, param, following, 1 if first is None else first)


def _rectification(connector: Block) -> Correcting | None:
    if "rectification" not in connector:
        return None
    block = connector.block("rectification", (*_CALL, "send"))
    send = {name: node.text for name, _, node in block.entries("send", required=True)}
    if "body" in block:
        block.fault("body", "is made of 'send'")
    return Correcting(_call(block, "PATCH", _WRITING), send)


def _call(block: Block, usual: str, methods: tuple[str, ...]) -> Call:
    method = block.word("method", methods) or usual
    body = block.get("body")
    path = _path(block, "path", identity=body is None or IDENTITY not in _texts(body))
    return Call(method, path, body.plain() if body is not None else None)


def _path(block: Block, key: str, *, identity: bool) -> str:
    path = block.text(key, required=True)
    if path and (not path.startswith("/") or ".." in path or "#" in path or "//" in path or not path.isascii()):
        block.fault(key, f"{key!r} is a path below base_url, such as /contacts/{IDENTITY}")
    if path and identity and IDENTITY not in path:
        block.fault(key, f"says nothing of who it is about: {IDENTITY}")
    return path


def _pointer(block: Block, key: str) -> str:
    text = block.text(key, required=key != "items")
    if not _POINTER.fullmatch(text):
        block.fault(key, f"{key!r} is a JSON pointer such as /contacts, not {text!r}")
    return text


def _texts(node: Node) -> str:
    return str(node.plain())


def once(found: list[tuple[Connector, str]], faults: Faults) -> dict[str, Connector]:
    """By key; `found` with the place of each."""
    by_key: dict[str, Connector] = {}
    for connector, place in found:
        if connector.key in by_key:
            faults.at(place, f"a second connector {connector.key!r}")
        by_key[connector.key] = connector
    return by_key


def check_sent(found: Sequence[tuple[Connector, str]], names: Collection_[str], faults: Faults) -> None:
    """A correction is sent by the names of our fields: one that the data map does not have would never be."""
    for connector, place in found:
        for name in connector.rectification.send if connector.rectification else ():
            if name not in names:
                faults.unknown(place, "field in rectification.send", name, names)


def plain(body: Any, identity: str) -> Any:
    """A body with the person in it."""
    if isinstance(body, dict):
        return {k: plain(v, identity) for k, v in body.items()}
    if isinstance(body, list):
        return [plain(v, identity) for v in body]
    return body.replace(IDENTITY, identity) if isinstance(body, str) else body
