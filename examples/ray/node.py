#!/usr/bin/env python3
"""`ray start` for a busy machine: node.py start --dashboard-agent-listen-port PORT OPTION...

A node of Ray ends itself when one of its agents takes more than 15 s to start and say on which port it listens
(https://github.com/ray-project/ray/issues/65983). It does not wait for an agent whose port it knows. Ray 2.60 hands two
of the three ports that `ray start` takes on to the node; this hands on the third.
"""

import sys

from ray._private import services
from ray.scripts.scripts import main

OPTION = "--dashboard-agent-listen-port"
port = sys.argv[sys.argv.index(OPTION) + 1]
start_process = services.start_ray_process


def start(command, *arguments, **options):
    if command[0] == services.RAYLET_EXECUTABLE:
        command = [*command, f"--dashboard_agent_listen_port={port}"]
    return start_process(command, *arguments, **options)


services.start_ray_process = start
sys.exit(main())
