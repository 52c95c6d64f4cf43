"""The bus: topics, producer, consumers, offsets and the source of work, over Kafka."""
