"""Ports of this machine: which is free, who listens, whether a broker answers there."""

import socket
import struct

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses at the moment."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) == 0


def answers(port: int) -> bool:
    """Tell whether a broker that has joined its cluster answers on the port.

    Asks with a Metadata request (version 1, no topics): a broker listens before it may serve, and names
    itself in the answer from then on.
    """
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)  # api key, version, correlation id, no client id, topics
    try:
        with socket.create_connection((HOST, port), timeout=2) as client:
            client.sendall(struct.pack(">i", len(request)) + request)
            reply = client.makefile("rb").read(12)  # length, correlation id, number of brokers
    except OSError:
        return False
    return len(reply) == 12 and struct.unpack(">iii", reply)[2] > 0
