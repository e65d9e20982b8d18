"""The request path as it is mostly written first: rows from pymilvus, dictionaries, a loop for the rules, row messages.

A reference to hold ours against, and no straw man: it asks its channels side by side, searches deeper where rules left
holes, pushes the demands down into Milvus, and keeps catalogue, titles and neighbours in memory. Its encoder, its title
search, its table of neighbours and its understanding of a query are ours, so what differs is how candidates travel.
"""
