"""Interfaces of the stores that services depend on. `persistence/` implements them; `bootstrap/` connects them."""
