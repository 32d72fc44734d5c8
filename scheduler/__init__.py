"""The scheduler room: when things run, and the front door (the hubdex command)."""
