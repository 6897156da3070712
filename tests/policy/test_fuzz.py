"""Whatever the files say, they are loaded or refused; nothing else ever happens."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import Direction, PolicyHolder, compare, compile_policies, decide, load_policies
from privacy_svc.policy.comparing import direction
from tests.policy.small import FILES, NOW, compiled, somebody
from tests.policy.small import given as agreed
from tests.policy.test_decide_properties import never_more

PATHS = sorted(FILES)
GOOD = compiled()
PEOPLE = [
    somebody(),
    somebody(consents={}, age=None),
    somebody(age=14),
    somebody(restricted=True),
    somebody(kind="employee", consents={}),
    somebody(erased=True),
    somebody(consents={"news": agreed(version=1)}),
    somebody(consents={"news": agreed(proven=False), "care": agreed("care", 1)}),
    somebody(objections=frozenset({"news", "statistics"})),
    replace(somebody(), retention_anchor=NOW.replace(year=2024)),
]
POINTER = re.compile(r"policies/.+?(:\d+)?")
SCRAPS = st.sampled_from(
    [
        *("", "null", "~", "[]", "{}", "true", "12", "-1", "1e9", "x", ".", "a.b.c", "[[]]", "{a: b}", "*a", "&a"),
        *("!!int x", "'", '"', "|", ">", "---", "...", "%YAML 1.1", "? x", "<<: {}", "\t", "\0", "é", "P1Y", "user"),
        *("system", "0o7", "2026-01-01", ": "),
    ]
)
TOKENS = re.compile(r"[\w.:/-]+|\s+|[^\w\s]")


def refusal(files: dict[str, bytes]) -> Misconfigured | None:
    try:
        compile_policies(files)
    except Misconfigured as error:
        return error
    return None


def outcome(files: dict[str, bytes]) -> None:
    error = refusal(files)
    if error is not None:
        assert error.faults
        assert all(POINTER.fullmatch(f.pointer) and f.detail for f in error.faults), error.faults


def loosened_unseen(files: dict[str, bytes]) -> list[str]:
    """What the changed files would permit of somebody and the good ones do not, and no difference tells."""
    try:
        new = compile_policies(files)
    except Misconfigured:
        return []
    told = [c for c in compare(GOOD, new, NOW) if c.direction is Direction.LOOSENED]
    unseen = []
    for purpose in {*GOOD.purposes, *new.purposes}:
        for module, state in product({*GOOD.modules, *new.modules}, PEOPLE):
            names = [f"{c.path}.{f.name}" for c in new.data_map.collections() for f in c.fields]
            before = decide(GOOD, module, purpose, names, state, NOW).fields
            after = decide(new, module, purpose, names, state, NOW).fields
            unseen += [
                f"{purpose} {module} {name}"
                for name in names
                if direction(before[name], after[name]) is Direction.LOOSENED
                and not any(c.purpose == purpose and module in c.modules and name in c.fields for c in told)
            ]
    return unseen


def encoded() -> dict[str, bytes]:
    return {p: t.encode() for p, t in FILES.items()}


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_mutated_tokens(data: st.DataObject) -> None:
    """A few words of a good file are swapped, dropped, doubled or replaced by scraps of YAML."""
    path = data.draw(st.sampled_from(PATHS))
    tokens = TOKENS.findall(FILES[path])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(tokens) - 1))
        tokens[place] = data.draw(SCRAPS | st.sampled_from(tokens) | st.just(tokens[place] * 2) | st.text(max_size=5))
    outcome(encoded() | {path: "".join(tokens).encode("utf-8", "surrogatepass")})


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mutated_lines(data: st.DataObject) -> None:
    """Lines of a good file are dropped, doubled, moved or indented otherwise."""
    path = data.draw(st.sampled_from(PATHS))
    lines = FILES[path].splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        here, there = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        line = lines[here]
        changed = {
            "drop": "",
            "twice": line * 2,
            "move": lines[there],
            "in": "  " + line,
            "out": line.removeprefix("  "),
        }
        lines[here] = changed[data.draw(st.sampled_from(sorted(changed)))]
    outcome(encoded() | {path: "".join(lines).encode()})


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_typo_never_permits_more(data: st.DataObject) -> None:
    """A word with a letter lost, doubled or swapped is refused, or the files permit nothing more than before."""
    path = data.draw(st.sampled_from([p for p in PATHS if p.endswith(".yml")]))
    tokens = TOKENS.findall(FILES[path])
    words = [n for n, token in enumerate(tokens) if re.fullmatch(r"[a-z_.]{2,}", token)]
    place = data.draw(st.sampled_from(words))
    word = tokens[place]
    at = data.draw(st.integers(0, len(word) - 1))
    begin, letter, rest = word[:at], word[at], word[at + 1 :]
    tokens[place] = begin + data.draw(st.sampled_from([rest, letter * 2 + rest, rest[:1] + letter + rest[1:]]))
    try:
        changed = compile_policies(encoded() | {path: "".join(tokens).encode()})
    except Misconfigured:
        return
    for module, purpose, state in product(GOOD.modules, GOOD.purposes, PEOPLE):
        names = sorted(GOOD.field_names(state.kind))
        never_more(
            decide(GOOD, module, purpose, names, state, NOW), decide(changed, module, purpose, names, state, NOW)
        )


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["crm", "customer", "user.name"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["dataset", "collections", "fields", "name", "fides_key", "privacy", "fides_meta", "references", "purposes",
         "title", "masks", "consent", "keep", "id", "index", "data_categories", "erase", "recipients", "languages"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from([p for p in PATHS if p.endswith(".yml")]), tree=trees)
def test_any_tree(path: str, tree: object) -> None:
    """A file of the right words in any shape."""
    import json

    outcome(encoded() | {path: json.dumps(tree).encode()})


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(PATHS), content=st.binary(max_size=200))
def test_any_bytes(path: str, content: bytes) -> None:
    """A file of any bytes."""
    outcome(encoded() | {path: content})


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_never_looser_unseen(data: st.DataObject) -> None:
    """Words and lines of the policies are swapped or dropped: it is refused, and the policy in force stays whole; or it
    is loaded, and all that it permits in addition is told as loosened."""
    path = data.draw(st.sampled_from(["purposes.yml", "modules.yml", "purposes.yml", "datasets/crm.yml"]))
    lines = FILES[path].splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 2))):
        here = data.draw(st.integers(0, len(lines) - 1))
        words = re.findall(r"[\w.]+", lines[here]) or [""]
        other = data.draw(st.sampled_from(["", "user", "service", "news", "1", "true", "P9Y", "customer", "contract"]))
        lines[here] = data.draw(st.sampled_from(["", lines[here].replace(data.draw(st.sampled_from(words)), other, 1)]))
    files = encoded() | {path: "".join(lines).encode()}
    assert loosened_unseen(files) == []


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(PATHS), cut=st.floats(0, 1))
def test_half_a_file_changes_nothing(path: str, cut: float) -> None:
    """A file that is being written is taken up whole or not at all: what does not fit leaves the policy as it was."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in encoded().items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        holder = PolicyHolder(root, interval=0, quiet=0)
        before = holder.current
        content = encoded()[path]
        (root / path).write_bytes(content[: int(len(content) * cut)])
        after = holder.current
        if holder.fault:
            assert after is before
        else:
            assert after.version == load_policies(root).version
