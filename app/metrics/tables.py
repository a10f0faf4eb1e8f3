"""The table of definitions that users store."""

from sqlalchemy import Column, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.postgres import instant, metadata

metric_definition = Table(
    "metric_definition",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True, comment="counted from 1", autoincrement=False),
    Column("document", JSONB, nullable=False),
    instant("created_at", nullable=False, server_default=func.now()),
)
