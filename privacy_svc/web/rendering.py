"""How pages are made: Jinja with escaping on, notices as safe Markdown, the language of the reader."""

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Litestar, Request
from litestar.datastructures import Cookie
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig
from markdown_it import MarkdownIt
from markupsafe import Markup

from privacy_svc import __version__
from privacy_svc.identity import read_cookie
from privacy_svc.policy import PolicySet
from privacy_svc.settings import Settings
from privacy_svc.web import texts

LANGUAGE = "privacy_language"
"""The cookie."""
YEAR = 31_536_000
_markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
"""No HTML and no pictures in a notice; markdown-it itself refuses `javascript:` and the like in links."""


def notice_html(source: str) -> Markup:
    """A notice's text. Its headings stand below those of the page."""
    tokens = _markdown.parse(source)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return Markup(_markdown.renderer.render(tokens, _markdown.options, {}))  # noqa: S704 - made without HTML


def templates() -> TemplateConfig[JinjaTemplateEngine]:
    environment = Environment(
        loader=PackageLoader("privacy_svc.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["version"] = __version__
    environment.filters |= {"notice": notice_html, "moment": _moment, "day": _day}
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def mark_demo(app: Litestar, demo: bool) -> None:
    """Whether every page says that the company is made up."""
    if app.template_engine is None:
        raise RuntimeError("the application has no templates")
    app.template_engine.engine.globals["demo"] = demo


def language_of(request: Request[Any, Any, Any], policies: PolicySet) -> str:
    """The reader's: asked for outright, now or before, else what their browser accepts, else the organisation's."""
    asked = [request.query_params.get("lang"), read_cookie(request, LANGUAGE)]
    return texts.choose(asked, request.headers.get("accept-language", ""), policies.organisation.languages)


def page(
    request: Request[Any, Any, Any],
    policies: PolicySet,
    template: str,
    *,
    status: int = 200,
    language: str | None = None,
    remember: bool = True,
    **context: Any,
) -> Template:
    """In the reader's language, or in the one that a page is written in. `remember`: what they choose on this page."""
    organisation = policies.organisation
    chosen = language or language_of(request, policies)
    known: dict[str, Any] = {
        "t": partial(texts.text, chosen),
        "counted": partial(texts.counted, chosen),
        "language": chosen,
        "languages": {} if language else {k: n for k, n in texts.NAMES.items() if k in organisation.languages},
        "organisation": organisation,
        "on_day": partial(texts.day, chosen, organisation.time_zone),
        "at_time": partial(texts.moment, chosen, organisation.time_zone),
        "path": request.url.path,
        "here": _here(request),
    }
    headers = {"Content-Language": chosen, "Vary": "Accept-Language, Cookie"}
    cookies = [_remembered(request, chosen)] if remember and _chose(request, chosen) else []
    return Template(
        template_name=template, context=known | context, status_code=status, headers=headers, cookies=cookies
    )


def _here(request: Request[Any, Any, Any]) -> str:
    """Where another language is chosen: on the page itself, or on the one that the form came from."""
    if request.method in {"GET", "HEAD"}:
        return ""
    path = urlsplit(request.headers.get("referer", "")).path
    return path if path.startswith("/") and not path.startswith("//") else "/"


def _chose(request: Request[Any, Any, Any], language: str) -> bool:
    return request.method == "GET" and request.query_params.get("lang") == language


def _remembered(request: Request[Any, Any, Any], language: str) -> Cookie:
    """What somebody chose; no more than the language is in it."""
    settings: Settings = request.app.state.settings
    secure = settings.base_url.startswith("https:")
    return Cookie(LANGUAGE, value=language, max_age=YEAR, secure=secure, httponly=True, samesite="lax")


@pass_context
def _moment(context: Context, at: datetime | str) -> str:
    """By the organisation's clock, as people type it into forms; with its zone. Of a document's time too."""
    return f"{_local(context, at):%Y-%m-%d %H:%M %Z}"


@pass_context
def _day(context: Context, at: datetime | str) -> str:
    return f"{_local(context, at):%Y-%m-%d}"


def _local(context: Context, at: datetime | str) -> datetime:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(ZoneInfo(context["organisation"].time_zone))
