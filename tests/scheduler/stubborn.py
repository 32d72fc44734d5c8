"""A room that says a line, and does not hear SIGTERM: for tests of what starts and stops rooms."""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdout.write("here\n")
    sys.stderr.write("hubdex: trouble\n")
    sys.stderr.flush()
    sys.stdout.flush()
    if sys.argv[1:] != ["briefly"]:
        signal.pause()
