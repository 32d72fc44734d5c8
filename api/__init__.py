"""The api room: answers over HTTP, the page, and the hand-off."""
