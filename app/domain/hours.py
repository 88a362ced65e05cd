"""Opening hours: when somebody is reading, when they stop, when they come back, and working time in between.

Everything here is pure. Moments come in as aware datetimes of any zone and go out in the zone of the hours. Compare
them in UTC: Python holds two times of different zones for unequal when one of them happens twice (PEP 495).

The wall clock of a day can jump forward or back. A span opens when the clock first reaches its start and closes
when the clock first reaches its end, so an hour that happens twice is never counted as two spans, and a time that
does not happen at all counts from the jump.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

HORIZON_DAYS = 60
_MIDNIGHT = time(0)
_DAY = timedelta(days=1)
_ZERO = timedelta(0)


class HoursError(ValueError):
    """Opening hours that contradict themselves, or a question that they cannot answer."""


@dataclass(frozen=True)
class Span:
    """From `start` up to, not including, `end`, by the wall clock of one day; an end of 00:00 is that day's end."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start.tzinfo or self.end.tzinfo:
            raise HoursError("a span is told in wall-clock times without a zone")
        if self.end != _MIDNIGHT and self.end <= self.start:
            raise HoursError(f"a span must end after it starts: {self.start:%H:%M}-{self.end:%H:%M}")

    @property
    def lasts_until_midnight(self) -> bool:
        """Whether the span ends with the day itself."""
        return self.end == _MIDNIGHT


@dataclass(frozen=True)
class OpeningHours:
    """The weekly hours of one place, the dates on which it stays closed, and its time zone.

    `weekly` maps a weekday (Monday is 0) to its spans in order; a weekday left out is closed.
    """

    weekly: Mapping[int, tuple[Span, ...]] = field(hash=False)
    holidays: frozenset[date]
    zone: ZoneInfo

    def __post_init__(self) -> None:
        for weekday, spans in self.weekly.items():
            if weekday not in range(7):
                raise HoursError(f"a weekday is 0 to 6, not {weekday}")
            for earlier, later in pairwise(spans):
                if earlier.lasts_until_midnight or later.start < earlier.end:
                    raise HoursError(f"spans of weekday {weekday} overlap or are out of order")

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody is there at this moment."""
        return self._interval_at(_utc(moment)) is not None

    def closes_at(self, moment: datetime) -> datetime | None:
        """The end of the opening that this moment lies in; None when closed, or when it does not end within 60 days."""
        now = _utc(moment)
        for start, end in self._intervals(now):
            if start > now:
                return None
            if end > now:
                return None if end > self._horizon(now) else self._local(end)
        return None

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first moment, at or after this one, at which somebody is there: the moment itself when open.

        None when there are no hours within the next 60 days.
        """
        now = _utc(moment)
        for start, end in self._intervals(now):
            if end > now:
                return self._local(max(start, now)) if start <= self._horizon(now) else None
        return None

    def working_time_between(self, earlier: datetime, later: datetime) -> timedelta:
        """How much opening time passes from one moment to the other; negative when they are the other way round."""
        start, end = _utc(earlier), _utc(later)
        if end < start:
            return -self.working_time_between(later, earlier)
        total = _ZERO
        day, last = self._local(start).date(), self._local(end).date()
        while day <= last:
            for opens, closes in self._intervals_of(day):
                total += max(_ZERO, min(closes, end) - max(opens, start))
            day += _DAY
        return total

    def add_working_time(self, moment: datetime, working_time: timedelta) -> datetime:
        """The first moment by which this much opening time has passed since `moment`.

        Raises HoursError for a negative amount, or when 60 days go by without any opening.
        """
        if working_time < _ZERO:
            raise HoursError("working time to add cannot be negative")
        now, left = _utc(moment), working_time
        while left:
            last_moment = now
            for opens, closes in self._intervals(now):
                begins = max(opens, now)
                if closes <= begins:
                    continue
                if closes - begins >= left:
                    return self._local(begins + left)
                left -= closes - begins
                now = closes
            if now == last_moment:
                raise HoursError(f"no opening hours within {HORIZON_DAYS} days")
        return self._local(now)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def _horizon(self, now: datetime) -> datetime:
        return now + HORIZON_DAYS * _DAY

    def _interval_at(self, now: datetime) -> tuple[datetime, datetime] | None:
        for opens, closes in self._intervals_of(self._local(now).date()):
            if opens <= now < closes:
                return opens, closes
        return None

    def _intervals(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings from this day to the horizon, in UTC, with those that touch joined into one."""
        day = self._local(now).date()
        pending: tuple[datetime, datetime] | None = None
        for _ in range(HORIZON_DAYS + 2):
            for opens, closes in self._intervals_of(day):
                if pending and opens <= pending[1]:
                    pending = (pending[0], closes)
                    continue
                if pending:
                    yield pending
                pending = (opens, closes)
            day += _DAY
        if pending:
            yield pending

    def _intervals_of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The openings of one local date, in UTC."""
        if day in self.holidays:
            return
        for span in self.weekly.get(day.weekday(), ()):
            opens = self._instant(day, span.start)
            closes = self._instant(day + _DAY if span.lasts_until_midnight else day, span.end)
            if closes > opens:
                yield opens, closes

    def _instant(self, day: date, wall: time) -> datetime:
        """The moment, in UTC, at which the wall clock of this day first shows `wall` or more."""
        local = datetime.combine(day, wall, tzinfo=self.zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return instant
        # The clock jumps over this time. Its reading with the offset before the jump lies after the jump, its
        # reading with the offset after the jump lies before it: the jump itself is found in between.
        low, high = local.replace(fold=1).astimezone(UTC), instant
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) / 2
            if middle.astimezone(self.zone).replace(tzinfo=None) < local.replace(tzinfo=None):
                low = middle
            else:
                high = middle
        return high.replace(microsecond=0)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise HoursError("a moment needs a time zone")
    return moment.astimezone(UTC)
