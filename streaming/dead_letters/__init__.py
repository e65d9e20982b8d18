"""Where dead letters can be kept: in memory, in a file, on a Kafka topic. The shape is in streaming/dead_letter.py."""
