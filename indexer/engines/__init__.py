"""The engines: projections of the catalog that answer a search."""
