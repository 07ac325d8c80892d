"""A model for each table of the library's schema. No field of it can hold a recovery key in clear."""

from __future__ import annotations

from typing import Any

from django.db import models

import fdescrow

TABLES: dict[str, dict[str, Any]] = {table["name"]: table for table in fdescrow.Store.schema()["tables"]}


def field(column: dict[str, Any], **more: Any) -> models.Field:
    """A column as the schema describes it. What is text is compared byte by byte, as SQLite does."""
    kind = models.BigIntegerField if column["kind"] == "integer" else models.TextField
    return kind(null=column["nullable"], **more)


def model(table: dict[str, Any]) -> type[models.Model]:
    """The model of a table."""
    name, key = table["name"], [column["name"] for column in table["key"]]
    fields: dict[str, Any] = {column["name"]: field(column) for column in table["key"] + table["columns"]}
    constraints = []
    if table["ordered"]:
        # The order in which entries were committed.
        fields["place"] = models.BigAutoField(primary_key=True)
        constraints.append(models.UniqueConstraint(fields=key, name=f"fdescrow_{name}_key"))
    elif len(key) > 1:
        fields["pk"] = models.CompositePrimaryKey(*key)
    else:
        fields[key[0]] = field(table["key"][0], primary_key=True)
    if table["body"]:
        fields["body"] = models.TextField()
    if table["bytes"]:
        fields["bytes"] = models.BinaryField()
    for work in table["works"]:
        # Who works on it, and until when: outside of the row that the library sees.
        fields[work["holder"]] = models.TextField(null=True)
        fields[work["until"]] = models.BigIntegerField(null=True)
    indexes = [
        models.Index(fields=["organization", *index["order"]], name=f"fde_{name}_{index['name']}"[:30])
        for index in table["indexes"]
    ]
    meta = {"db_table": f"fdescrow_{name}", "indexes": indexes, "constraints": constraints}
    members = {"__module__": __name__, "Meta": type("Meta", (), meta), "TABLE": table, **fields}
    return type(name.capitalize(), (models.Model,), members)


MODELS = {name: model(table) for name, table in TABLES.items()}
