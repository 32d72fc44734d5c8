"""`make demo`: the product as it is, against the stand-in Hub instead of the real one."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.hub import FakeHub, GeneratedSource, ModelSource, ReplaySource


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--models", type=int, default=20_000)
    parser.add_argument("--replay", type=Path, help="folder of models.jsonl.gz, instead of generating")
    arguments = parser.parse_args()
    source: ModelSource = (
        ReplaySource(arguments.replay) if arguments.replay else GeneratedSource(arguments.models)
    )
    # A new home each time: the stand-in Hub has another address, and so other models, at every start.
    quota = 100_000
    with (
        FakeHub(source, quota=quota, resolvers_quota=quota) as hub,
        TemporaryDirectory(prefix="hubdex-demo-") as home,
    ):
        sys.stdout.write(f"A stand-in Hub of {len(source):,} made-up models is on {hub.url}\n")
        sys.stdout.flush()
        settings = {"HUBDEX_UPSTREAM": hub.url, "HUBDEX_HOME": home}
        # Made-up files have no place in a cache that is in use, and a real token none at a stand-in.
        settings |= {"HF_HOME": f"{home}/hf", "HF_HUB_CACHE": f"{home}/hf/hub", "HF_TOKEN": ""}
        product = subprocess.Popen(
            [sys.executable, "-P", "-m", "scheduler", "up"], env=os.environ | settings, process_group=0
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: product.terminate())
        return product.wait()


if __name__ == "__main__":
    raise SystemExit(main())
