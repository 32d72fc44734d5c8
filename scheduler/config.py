"""Settings of the scheduler: what runs when."""

import warnings
from datetime import tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode
from tzlocal import get_localzone

from indexer.config import HomeConfig
from indexer.errors import SettingsError
from scheduler.triggers import Timing, read_timing

When = Annotated[Timing, NoDecode, BeforeValidator(read_timing)]
"""`03:30`, `every 6h`, `30 3 * * *`, `off`."""


def _read(words: str) -> Timing:
    timing: Timing = read_timing(words)  # type: ignore[assignment]
    return timing


class ScheduleConfig(HomeConfig):
    """What the scheduler needs to know, read once from the environment."""

    schedule_full: When = Field(default=_read("03:30"), description="When the whole Hub is read.")
    schedule_recent: When = Field(
        default=_read("every 1h"), description="When what was created or changed is read."
    )
    schedule_counters: When = Field(
        default=_read("every 6h"), description="When downloads, likes and trending scores are read."
    )
    schedule_files: When = Field(
        default=_read("every 1h"), description="How often files that are new are looked for."
    )
    schedule_upkeep: When = Field(default=_read("every 24h"), description="When the catalog is tidied.")
    schedule_zone: str = Field(
        default="", max_length=100, description="Whose clocks, e.g. `Europe/Berlin`; not set: the machine's."
    )
    schedule_jitter: float = Field(
        default=120.0, ge=0, le=3_600, description="Seconds that a job may begin later, drawn day by day."
    )
    schedule_files_budget: int = Field(
        default=300, ge=1, le=1_000_000, description="Requests of one crawl of files."
    )
    cache_limit: str | None = Field(
        default=None, description="Bytes that what Hubdex downloaded may take; here: whether any are named."
    )

    @field_validator("schedule_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            if value:
                ZoneInfo(value)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError("must be the name of a time zone, such as `Europe/Berlin` or `UTC`") from None
        return value

    @property
    def zone(self) -> tzinfo:
        """The zone of the clocks that count.

        Raises:
            SettingsError: nobody knows what zone the machine is in.

        """
        if self.schedule_zone:
            return ZoneInfo(self.schedule_zone)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a machine without any zone keeps UTC
                return get_localzone()
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise SettingsError(
                f"The time zone of this machine cannot be told ({error}); set HUBDEX_SCHEDULE_ZONE."
            ) from None
