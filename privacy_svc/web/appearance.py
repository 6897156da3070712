"""What makes the pages the organisation's own: its colours from organisation.yml, its logo from the policies folder."""

from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from privacy_svc.http import Role, allow
from privacy_svc.policy import Appearance, PolicyHolder

LOGOS = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}
"""Files of the policies folder, the first that is there."""
MOST_BYTES = 500_000
_ICON = Path(__file__).parent / "static" / "icon.svg"
_PUBLIC: Any = {"opt": allow(Role.PUBLIC), "sync_to_thread": True, "include_in_schema": False}
_KEPT = {"cache-control": "public, max-age=300"}
_LOGO = _KEPT | {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
}
"""An SVG may have styles of its own, and no scripts, also where it is opened by itself."""


@get("/appearance.css", media_type="text/css", **_PUBLIC)
def show_colours(policies: NamedDependency[PolicyHolder]) -> Response[str]:
    return Response(style(policies.current.organisation.appearance), media_type="text/css", headers=_KEPT)


@get("/logo", **_PUBLIC)
def show_logo(policies: NamedDependency[PolicyHolder]) -> Response[bytes]:
    for name, kind in LOGOS.items():
        path = policies.folder / name
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            return Response(path.read_bytes(), media_type=kind, headers=_LOGO)
    return Response(_ICON.read_bytes(), media_type=LOGOS["logo.svg"], headers=_LOGO)


def style(appearance: Appearance) -> str:
    """Over that of privacy.css."""
    found = []
    if appearance.accent:
        found.append(_scheme("light", appearance.accent, appearance.accent_soft))
    if appearance.accent_dark:
        found.append(_scheme("dark", appearance.accent_dark, appearance.accent_dark_soft))
    return "".join(found)


def _scheme(scheme: str, accent: str, soft: str) -> str:
    values = f"--accent: {accent}; --choice: {accent}; --accent-soft: {soft};"
    return f"@media (prefers-color-scheme: {scheme}) {{ :root {{ {values} }} }}\n"


HANDLERS = [show_colours, show_logo]
