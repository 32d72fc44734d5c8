"""The pages: written on the server, complete without a script."""
