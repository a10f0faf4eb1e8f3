"""The table of definitions that users store."""

from app.storage.named_documents import documents_table

metric_definition = documents_table("metric_definition")
