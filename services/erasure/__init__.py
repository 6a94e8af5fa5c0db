"""Erasure of users, of collections and of sessions, with everything that they own alone."""

from services.erasure.erasure import Erasure
from services.erasure.session_erasure import SessionErasure

__all__ = ["Erasure", "SessionErasure"]
