"""The catalog: the local truth about every public model, kept in one database."""
