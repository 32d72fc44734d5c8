"""The embedded engine: Tantivy, inside our own processes. Nothing to install, nothing to start."""
