"""The scope of the server's own work. Only `bootstrap/` imports it: components receive it as an argument if they need it."""

from typing import Final

from records.access import SystemScope

SYSTEM: Final = SystemScope()
