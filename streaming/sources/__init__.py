"""Where records come from: memory, a file, Kafka. The shape is in streaming/source.py."""
