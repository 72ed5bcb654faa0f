#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Within the virtual machine: does what comes through the virtual console, one line of JSON for each request and each reply.

    {"argv": ["systemctl", "start", "taktd"], "timeout_s": 90}    →  {"status": 0, "stdout": "", "stderr": ""}
    {"path": "/root/x", "bytes": "aGFsbG8K"}                      →  {"status": 0, …}         writes a file
"""
import base64
import glob
import json
import subprocess


def do(request):
    if "path" in request:
        with open(request["path"], "wb") as f:
            f.write(base64.b64decode(request["bytes"]))
        return {"status": 0, "stdout": "", "stderr": ""}
    try:
        done = subprocess.run(request["argv"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=request["timeout_s"],
                              check=False)
    except (OSError, subprocess.TimeoutExpired) as why:
        return {"status": 127, "stdout": "", "stderr": str(why)}
    return {"status": done.returncode, "stdout": done.stdout.decode(errors="replace"), "stderr": done.stderr.decode(errors="replace")}


def main():
    (port,) = glob.glob("/dev/vport*p1")
    with open(port, "r+b", buffering=0) as line:
        line.write(b'{"status": 0, "stdout": "up", "stderr": ""}\n')
        rest = b""
        while True:
            got = line.read(65536)
            if not got:
                return
            *requests, rest = (rest + got).split(b"\n")
            for request in requests:
                line.write(json.dumps(do(json.loads(request))).encode() + b"\n")


main()
