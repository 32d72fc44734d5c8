"""Settings of the crawler: how much of the Hub's head is read, and when a pass is not believed."""

from pydantic import Field

from indexer.hub import HubConfig


class CrawlConfig(HubConfig):
    """What a crawl needs to know, read once from the environment."""

    head_pages: int = Field(
        default=50, ge=1, le=5_000, description="Pages (1,000 models each) the head reads by downloads."
    )
    trending_pages: int = Field(
        default=5, ge=1, le=5_000, description="Pages (1,000 models each) the head reads by trending score."
    )
    counters_pages: int = Field(
        default=100, ge=1, le=5_000, description="Pages (1,000 models each) counters reads by downloads."
    )
    likes_pages: int = Field(
        default=30, ge=1, le=5_000, description="Pages (1,000 models each) counters reads by likes."
    )
    removal_percent: float = Field(
        default=2.0, gt=0, le=100, description="A full pass that misses more of the models removes none."
    )
