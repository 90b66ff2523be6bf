"""Which day a command is about: the only module that reads the clock."""

import re
from datetime import UTC, date, datetime, timedelta

from backorderctl.errors import BackorderctlError

TODAY = "today"


def now() -> datetime:
    """The present instant; a command reads it once, so that all of it is about one day."""
    return datetime.now(UTC)


def local_day(instant: datetime, timezone: str | None) -> date:
    """The day that it is then in the time zone, or by the machine's own setting."""
    if timezone is None:
        return instant.astimezone().date()
    from zoneinfo import ZoneInfo

    return instant.astimezone(ZoneInfo(timezone)).date()


def parse_day(typed: str, today: date, *, option: str) -> date:
    """The day typed for an option: `today`, `2026-12-01`, or `+30d` from today; BackorderctlError for anything else."""
    if typed == TODAY:
        return today
    try:
        if days := re.fullmatch(r"\+(\d{1,7})d", typed):
            return today + timedelta(days=int(days[1]))
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", typed):
            return date.fromisoformat(typed)
    except (ValueError, OverflowError):  # no day of the calendar
        pass
    raise BackorderctlError(f"{option}: expected {TODAY}, a date such as 2026-12-01, or +30d, got {typed!r}")
