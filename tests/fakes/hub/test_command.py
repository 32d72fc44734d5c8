import http.client
import re
import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tests.fakes.hub", "--models", "700", "--seed", "3", "--quota", "9"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.fullmatch(r"stand-in Hub on http://127\.0\.0\.1:(\d+) \(700 models\)\n", line)
            assert found
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)
            try:
                connection.request("GET", "/api/models?limit=3")
                with connection.getresponse() as response:
                    assert response.headers["RateLimit"].startswith('"api";r=8;')
                    response.read()
            finally:
                connection.close()
            process.send_signal(number)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
