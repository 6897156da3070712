"""Built-in check of the log itself."""

from collections.abc import Iterator

from privacy_svc.audits.context import Context, Evidence


def log_broken(context: Context) -> Iterator[Evidence]:
    """Recomputes the whole tree against every checkpoint signed or exported."""
    for finding in context.run.log.verify(context.run.database).findings:
        yield Evidence(f"log:{finding.kind}:{'-' if finding.index is None else finding.index}")


LOG_CHECKS = {f.__name__: f for f in (log_broken,)}
