# SPDX-License-Identifier: Apache-2.0
"""Endpoints, keys and frames: what both clients share of ZeroMQ."""
from __future__ import annotations

import json
from typing import Any, Optional, Sequence, Union

import zmq
import zmq.auth

Key = Union[str, tuple[str, str], None]


def load_key(key: Key) -> Optional[tuple[bytes, bytes]]:
    """A file made by `taktctl key new`, or (public, secret)."""
    if key is None:
        return None
    public, secret = zmq.auth.load_certificate(key) if isinstance(key, str) else key
    if not secret:
        raise ValueError("the key file has no secret key")
    return tuple(k.encode() if isinstance(k, str) else k for k in (public, secret))  # type: ignore[return-value]


def endpoints_of(endpoints: Union[str, Sequence[str]]) -> list[str]:
    found = [endpoints] if isinstance(endpoints, str) else list(endpoints)
    if not found:
        raise ValueError("no endpoint is given")
    return found


def dealer(context: Any, endpoint: str, key: Optional[tuple[bytes, bytes]], plant_key: Optional[str]) -> Any:
    if (key is None) != (plant_key is None):
        raise ValueError("a key needs the plant's public key, and the other way round")
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDHWM, 0)  # the session bounds what is under way
    socket.setsockopt(zmq.RECONNECT_IVL, 100)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2000)
    socket.setsockopt(zmq.HEARTBEAT_IVL, 5000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 15000)
    if key is not None and plant_key is not None:
        socket.curve_publickey, socket.curve_secretkey = key
        socket.curve_serverkey = plant_key.encode()
    socket.connect(endpoint)
    return socket


def encode(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def decode(frame: bytes) -> Optional[dict[str, Any]]:
    """None: it is nothing of the protocol, and is passed over."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None
