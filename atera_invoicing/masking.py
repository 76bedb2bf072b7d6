"""Log lines without secrets, whoever writes them: the last net, not the first."""

from __future__ import annotations

import logging
import re

SECRET = re.compile(
    r"""(?ix)
    (   \b(?:bearer|basic)\s+
      | \b(?:access_token|refresh_token|id_token|client_secret|code|state|token)
        (?:["']?\s*[:=]\s*["']?|%3D)
    )
    [\w.~+/=-]{16,}
    """
)
SEALED = re.compile(r"gAAAA[\w-]{20,}=*")
MASK = "[secret]"


def mask(text: str) -> str:
    """Without bearer tokens, codes, and what Fernet sealed."""
    return SEALED.sub(MASK, SECRET.sub(rf"\1{MASK}", text))


class MaskingFormatter(logging.Formatter):
    """Masks the whole line, tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
