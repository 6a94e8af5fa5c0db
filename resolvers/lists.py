"""What lists are filtered and ordered by: the stores' and engines' own values, handed on for `schema/` to fill."""

from engines.models import ModelFilter
from engines.stores import DocumentFilter, Order, SessionFilter

__all__ = ["DocumentFilter", "ModelFilter", "Order", "SessionFilter"]
