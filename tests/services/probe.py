"""Asks a server that is said to run whether it does, and which release it is.

The clients are imported where they are used: together they take two seconds that a run without services need not spend.
"""

import socket
from urllib.parse import urlsplit

from tests.services.postgres import plain_url

SECONDS = 10


class NoAnswer(Exception):
    """What the client said instead."""


def milvus_version(address: str) -> str:
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    url = urlsplit(address)
    _reach(url.hostname or "", url.port or 19530)
    try:
        client = MilvusClient(uri=address, timeout=SECONDS)
        try:
            return str(client.get_server_version()).removeprefix("v")
        finally:
            client.close()
    except MilvusException as failure:
        raise NoAnswer(failure.message) from failure


def kafka_version(address: str) -> str:
    """Empty: a broker tells which requests it understands, not which release it is."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    host, _, port = address.split(",")[0].rpartition(":")
    _reach(host, int(port) if port.isdigit() else 9092)
    try:
        admin = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=SECONDS * 1000)
        try:
            admin.describe_cluster()
        finally:
            admin.close()
    except KafkaError as failure:
        raise NoAnswer(str(failure)) from failure
    return ""


def postgres_version(address: str) -> str:
    import psycopg

    try:
        with psycopg.connect(plain_url(address), connect_timeout=SECONDS) as connection:
            return str(connection.info.parameter_status("server_version")).split()[0]
    except psycopg.Error as failure:
        raise NoAnswer(str(failure)) from failure


def _reach(host: str, port: int) -> None:
    # The clients try a refused connection again and again until their time is up.
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except OSError as failure:
        raise NoAnswer(str(failure)) from failure


VERSION_OF = {"milvus": milvus_version, "kafka": kafka_version, "postgres": postgres_version}
