"""How pages are made: Jinja with escaping on, notices as safe Markdown, the language of the reader."""

from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig
from markdown_it import MarkdownIt
from markupsafe import Markup

from privacy_svc import __version__
from privacy_svc.policy import PolicySet
from privacy_svc.settings import Settings
from privacy_svc.web import texts

_markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
"""No HTML and no pictures in a notice; markdown-it itself refuses `javascript:` and the like in links."""


def notice_html(source: str) -> Markup:
    """A notice's text. Its headings stand below those of the page."""
    tokens = _markdown.parse(source)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return Markup(_markdown.renderer.render(tokens, _markdown.options, {}))  # noqa: S704 - made without HTML


def templates(settings: Settings) -> TemplateConfig[JinjaTemplateEngine]:
    environment = Environment(
        loader=PackageLoader("privacy_svc.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"demo": settings.demo, "version": __version__}
    environment.filters |= {"notice": notice_html, "moment": _moment, "day": _day}
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def page(
    request: Request[Any, Any, Any],
    policies: PolicySet,
    template: str,
    *,
    status: int = 200,
    language: str | None = None,
    **context: Any,
) -> Template:
    """In the reader's language, or in the one that a page is written in."""
    organisation = policies.organisation
    chosen = language or texts.choose(
        request.query_params.get("lang"), request.headers.get("accept-language", ""), organisation.languages
    )
    known: dict[str, Any] = {
        "t": partial(texts.text, chosen),
        "language": chosen,
        "languages": {} if language else {k: n for k, n in texts.NAMES.items() if k in organisation.languages},
        "organisation": organisation,
    }
    headers = {"Content-Language": chosen, "Vary": "Accept-Language, Cookie"}
    return Template(template_name=template, context=known | context, status_code=status, headers=headers)


def _moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _day(at: Any) -> str:
    return f"{at:%Y-%m-%d}"
