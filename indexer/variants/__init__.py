"""What a person downloads: the variants of a model, read from its files; pure."""
