"""Letters out: what a person is written, by SMTP (RFC 5321) or as files in the outbox. Rooms above write the words."""

from privacy_svc.mail.letter import Letter
from privacy_svc.mail.sending import OUTBOX, Mailer, MailRefused, MailUnavailable

__all__ = ["OUTBOX", "Letter", "MailRefused", "MailUnavailable", "Mailer"]
