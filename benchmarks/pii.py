"""Personal data in text: how much is found, how fast beside Presidio's own engine, what loading it costs.

The texts are made here (pii_texts, pii_values), labelled, in six languages. A label is found if findings of its kind
cover half of it; a finding is right if half of it, or of the label, is a label of its kind. F2 counts a miss four
times as much as a false alarm.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from benchmarks.measuring import rates
from benchmarks.pii_texts import Labelled, labelled
from benchmarks.pii_values import REGIONS
from privacy_svc.pii import Finding, detect, without_overlaps
from privacy_svc.pii.engine import finding_of
from privacy_svc.pii.entities import counts
from privacy_svc.pii.plain import analyzer

COUNT, SEED = 150, 7
TARGETS = {"EMAIL_ADDRESS": 0.99, "IBAN_CODE": 0.99, "CREDIT_CARD": 0.99, "IP_ADDRESS": 0.99, "US_SSN": 0.99}
TARGETS |= {"PHONE_NUMBER": 0.85, "PERSON": 0.75, "any": 0.70}
FASTER = {
    "ordinary, nothing personal": ((0, 0), 5.0),
    "mails and notes, 1 to 3 labels": ((1, 3), 5.0),
    "dense, 2 labels and more": ((2, 99), 2.5),
}
"""By the least and the most labels of a text. Most mails name somebody, so the first row alone would flatter."""
PAGE = Path(__file__).parent.parent / "docs" / "pii.md"
MARKS = "<!-- figures -->", "<!-- end of figures -->"


def run() -> None:
    texts = labelled(COUNT, SEED)
    found = [detect(t.text, t.language, REGIONS[t.language]) for t in texts]
    lines = [*_accuracy(texts, found), "", *_speed(texts), "", *_cost()]
    print("\nPersonal data in text\n" + "\n".join(lines))
    page = PAGE.read_text(encoding="utf-8")
    between = re.compile(f"(?<={re.escape(MARKS[0])}\n).*(?={re.escape(MARKS[1])})", re.DOTALL)
    PAGE.write_text(between.sub(lambda _: "\n".join(lines) + "\n", page), encoding="utf-8")


def _accuracy(texts: list[Labelled], found: list[list[Finding]]) -> list[str]:
    labels, hits, findings, right = (Counter[str]() for _ in range(4))
    for text, here in zip(texts, found, strict=True):
        for kind, start, end in text.spans:
            for name in (kind, "any"):
                labels[name] += 1
                covered = sum(_shared(f, start, end) for f in here if name in {f.entity, "any"})
                hits[name] += covered * 2 >= end - start
        for f in here:
            for name in (f.entity, "any"):
                findings[name] += 1
                right[name] += any(_is_half(f, s, e) for kind, s, e in text.spans if name in {kind, "any"})
    rows = ["| what | labels | precision | recall | F2 | target |", "| --- | --- | --- | --- | --- | --- |"]
    for name in sorted(labels | findings, key=lambda n: (n == "any", n)):
        precision, recall = right[name] / (findings[name] or 1), hits[name] / (labels[name] or 1)
        score = 5 * precision * recall / (4 * precision + recall or 1)
        target = f"{TARGETS[name]} {'met' if score >= TARGETS[name] else 'MISSED'}" if name in TARGETS else ""
        rows.append(f"| {name} | {labels[name]} | {precision:.3f} | {recall:.3f} | {score:.3f} | {target} |")
    return rows


def _shared(found: Finding, start: int, end: int) -> int:
    return max(0, min(found.end, end) - max(found.start, start))


def _is_half(found: Finding, start: int, end: int) -> bool:
    return _shared(found, start, end) * 2 >= min(found.end - found.start, end - start)


def _speed(texts: list[Labelled]) -> list[str]:
    """English texts; the same recognisers in both, and the same findings, or this fails."""
    engine = analyzer("en", (REGIONS["en"],))

    def plain(text: str) -> list[Finding]:
        results = [r for r in engine.analyze(text, "en") if counts(r.entity_type, r.score)]
        return without_overlaps(text, (finding_of(r, 0, "") for r in results))

    english = [t for t in texts if t.language == "en"]
    for t in english:
        ours = [(f.entity, f.start, f.end, f.score) for f in detect(t.text, "en", REGIONS["en"])]
        assert ours == [(f.entity, f.start, f.end, f.score) for f in plain(t.text)]
    rows = [
        "| English texts | Presidio's engine | this one | times as fast | target |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, ((fewest, most), least) in FASTER.items():
        some = [t.text for t in english if fewest <= len(t.spans) <= most]
        speed = rates(
            {
                "plain": lambda some=some: [plain(t) for t in some],
                "ours": lambda some=some: [detect(t, "en", REGIONS["en"]) for t in some],
            }
        )
        ratio = speed["ours"] / speed["plain"]
        plainly, ours = (f"{speed[who] * len(some):,.0f}/s" for who in ("plain", "ours"))
        target = f"{least} {_verdict(ratio >= least)}" if least else ""
        rows.append(f"| {name} | {plainly} | {ours} | {ratio:.1f} | {target} |")
    return rows


COST = """
import re, time
from pathlib import Path

def cost():
    size = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    print(time.process_time(), int(size[1]) / 1024)

from privacy_svc.pii import detect
cost()
detect("Anna", "en")
cost()
"""


def _cost() -> list[str]:
    """Of the engine, loaded into a process that has the service's modules."""
    done = subprocess.run([sys.executable, "-c", COST], capture_output=True, text=True, check=True)
    (before, small), (after, large) = (map(float, line.split()) for line in done.stdout.splitlines())
    seconds, more = after - before, large - small
    said = (
        f"Import, build and the first text: {seconds:.1f} s of processor time (target 2: {_verdict(seconds < 2)}) and",
        f"{more:.0f} MB more (target 150: {_verdict(more <= 150)}); the whole process, with the service's modules,",
        f"then has {large:.0f} MB.",
    )
    return [" ".join(said)]


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"
