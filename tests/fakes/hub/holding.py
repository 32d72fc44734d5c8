"""Answers that wait half-way until somebody lets them go on."""

import select
import socket
import threading

_LOOK_SECONDS = 0.01


class Holds:
    """The answers that are being held."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = 0
        self._released = 0

    def hold(self, connection: socket.socket) -> bool:
        """Wait for the release, or for the client's end; tell whether it was the release."""
        with self._changed:
            turn = self._released
            self._held += 1
            self._changed.notify_all()
        try:
            while not _has_ended(connection):
                with self._changed:
                    if self._changed.wait_for(lambda: self._released != turn, _LOOK_SECONDS):
                        return True
            return False
        finally:
            with self._changed:
                self._held -= 1
                self._changed.notify_all()

    def release(self) -> None:
        """Let everything that is held go on."""
        with self._changed:
            self._released += 1
            self._changed.notify_all()

    def wait_until_held(self, count: int, seconds: float) -> None:
        """Come back as soon as so many answers are held, or, for 0, none is any more.

        Raises:
            TimeoutError: They are fewer after so many seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._held >= count if count else not self._held, seconds):
                raise TimeoutError(f"{self._held} answers are held, not {count}")


def _has_ended(connection: socket.socket) -> bool:
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True
