"""Collections that tests leave behind. The client is imported where it is used: a run without Milvus need not wait."""


def collections(address: str) -> frozenset[str]:
    from pymilvus import MilvusClient

    client = MilvusClient(uri=address)
    try:
        return frozenset(client.list_collections())
    finally:
        client.close()


def drop_collection(address: str, name: str) -> None:
    """Drops a collection with its aliases, which newer servers want to be gone first."""
    from pymilvus import MilvusClient

    client = MilvusClient(uri=address)
    try:
        for alias in client.list_aliases(collection_name=name)["aliases"]:
            client.drop_alias(alias)
        client.drop_collection(name)
    finally:
        client.close()
