"""The shared engine: Meilisearch servers."""
