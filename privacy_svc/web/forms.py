"""Small forms of pages."""

from urllib.parse import parse_qsl

from privacy_svc.errors import InvalidBody


def form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=10))
    except (UnicodeDecodeError, ValueError):
        raise InvalidBody("The form cannot be read.") from None
