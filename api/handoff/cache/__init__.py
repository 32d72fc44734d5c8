"""What lies in the Hugging Face cache of this machine: looked at, verified, pinned, deleted, kept small."""
