"""The indexer room: what we know (the catalog) and how it is found (the engines)."""
