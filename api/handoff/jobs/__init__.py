"""Downloads as jobs: what they are, where they are kept, and what carries them out."""
