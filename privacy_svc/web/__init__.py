"""What people and supervisors see: the Privacy Centre, the console, error explanations, the API's reference, health.

Server-rendered pages with no script of ours and no style inside them, under the strict content policy of
`http.middleware`; everything is served from here (WCAG 2.2 AA is the aim; no request leaves for another host).
"""

from privacy_svc.web.reference import openapi
from privacy_svc.web.rendering import mark_demo, templates
from privacy_svc.web.routes import HANDLERS
from privacy_svc.web.trouble import with_pages

__all__ = ["HANDLERS", "mark_demo", "openapi", "templates", "with_pages"]
