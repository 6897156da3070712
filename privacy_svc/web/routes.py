"""All pages of this room."""

from litestar.types import ControllerRouterHandler

from privacy_svc.web import (
    appearance,
    centre,
    choosing,
    console,
    downloading,
    entering,
    explaining,
    health,
    mine,
    reference,
    staff,
)

HANDLERS: list[ControllerRouterHandler] = [
    *appearance.HANDLERS,
    centre.show_centre,
    choosing.ask_to_confirm,
    choosing.confirm,
    choosing.ask_to_unsubscribe,
    choosing.unsubscribe,
    downloading.offer_package,
    downloading.fetch_package,
    explaining.list_problems,
    explaining.explain_problem,
    *entering.HANDLERS,
    *mine.HANDLERS,
    *staff.HANDLERS,
    console.show_today,
    console.run_audit,
    health.live,
    health.ready,
    reference.Metrics,
    reference.STATIC,
]
