"""Opening hours: read what people type, write it as rules, tell when a shop is open. Pure."""

from .evaluation import (
    Closure,
    Hours,
    HoursState,
    Kind,
    NotHours,
    Schedule,
    accepts,
    open_spans,
    read,
    state_at,
)
from .proposal import (
    Assumption,
    DayPreview,
    Opening,
    Proposal,
    Reading,
    preview,
    propose,
)
from .rules import DAYS, WHOLE_DAY, Span, clock, format_week

__all__ = [
    "DAYS",
    "WHOLE_DAY",
    "Assumption",
    "Closure",
    "DayPreview",
    "Hours",
    "HoursState",
    "Kind",
    "NotHours",
    "Opening",
    "Proposal",
    "Reading",
    "Schedule",
    "Span",
    "accepts",
    "clock",
    "format_week",
    "open_spans",
    "preview",
    "propose",
    "read",
    "state_at",
]
