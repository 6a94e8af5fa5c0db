"""What lists are filtered and ordered by: the stores' and engines' own values, handed on for `schema/` to fill."""

from records.filters import DocumentFilter, Order, SessionFilter
from services.models import ModelFilter

__all__ = ["DocumentFilter", "ModelFilter", "Order", "SessionFilter"]
