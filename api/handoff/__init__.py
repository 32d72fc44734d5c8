"""The hand-off: from a hit to bytes in the Hugging Face cache, or to a command for somebody's own app."""
