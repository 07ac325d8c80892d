"""The methods of a store, over Django's ORM.

docs/storage.md has what each promises, docs/python.md what each is asked and answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.db.models import Model, Q, QuerySet

import fdescrow

from .models import MODELS, TABLES

Document = dict[str, Any]

# A claim that ends later than this from now was made by a clock that was wrong.
LONGEST_LEASE = 3600


class Conflict(Exception):
    """A change does not fit what is there: nothing of it is kept."""

    def __init__(self, cause: str, table: str | None = None) -> None:
        super().__init__(cause)
        self.cause, self.table = cause, table


def document(row: Model) -> Document:
    """A row as the library has it."""
    table = row.TABLE
    told: Document = {"table": table["name"]}
    for part in ("key", "columns"):
        told[part] = {column["name"]: getattr(row, column["name"]) for column in table[part]}
    return told | {part: getattr(row, part) for part in ("body", "bytes") if table[part]}


def content(row: Document) -> Document:
    """A row of the library's as fields of its model."""
    return row["key"] | row["columns"] | {part: row[part] for part in ("body", "bytes") if part in row}


def behind(order: list[str], place: list[Any], *, descending: bool) -> Q:
    """What comes after a place in an order of several fields."""
    terms = Q()
    for index, (name, value) in enumerate(zip(order, place, strict=True)):
        same = dict(zip(order[:index], place[:index], strict=True))
        terms |= Q(**same, **{f"{name}__{'lt' if descending else 'gt'}": value})
    return terms


class DjangoStore:
    """Rows of recovery keys, over a connection of Django's."""

    def __init__(self, using: str = "default", *, clock: Callable[[], float] = time.time) -> None:
        """Over the database of this alias. The clock is the one that leases are measured by."""
        settings = connections[using].settings_dict
        if connections[using].vendor != "sqlite" or settings["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
            raise ImproperlyConfigured("DjangoStore needs SQLite and IMMEDIATE transactions: see its documentation")
        self.using, self.clock = using, clock

    def write(self) -> transaction.Atomic:
        """A transaction that is on disk when it ends: not one within another that may yet be rolled back."""
        return transaction.atomic(using=self.using, durable=True)

    def rows(self, table: str) -> QuerySet[Any]:
        return MODELS[table].objects.using(self.using)

    def row(self, named: Document) -> QuerySet[Any]:
        """The row of a key, or nothing."""
        return self.rows(named["table"]).filter(**named["key"])

    # What is read

    def get(self, request: Document) -> Document:
        row = self.row(request).first()
        return {"row": row and document(row)}

    def asked(self, query: Document) -> QuerySet[Any]:
        """What a query asks for, without its cursor and limit."""
        terms = query["equal"] | {f"{name}__isnull": False for name in query["not_null"]}
        for bound, comparison in (("from", "gte"), ("to", "lte")):
            if bound in query:
                terms[f"{query['order'][0]}__{comparison}"] = query[bound]
        return self.rows(query["table"]).filter(organization=query["organization"], **terms)

    def list(self, query: Document) -> Document:
        rows, order, descending = self.asked(query), query["order"], query["descending"]
        if "after" in query:
            # A query without an order has one row at most.
            rows = rows.filter(behind(order, query["after"], descending=descending)) if order else rows.none()
        rows = rows.order_by(*(f"-{name}" if descending else name for name in order))
        found = [document(row) for row in rows[: query["limit"] + 1]]
        return {"rows": found[: query["limit"]], "more": len(found) > query["limit"]}

    def count(self, query: Document) -> Document:
        return {"count": self.asked(query).count()}

    def events(self, request: Document) -> Document:
        after = request["after"] or "0"
        if not (after.isascii() and after.isdigit() and len(after) < 19):
            raise fdescrow.MisuseError("that is no cursor of this store")
        # One writer at a time: nothing is ever committed before an entry that is there.
        rows = self.rows("audit").filter(organization=request["organization"], place__gt=int(after)).order_by("place")
        events = [{"cursor": str(row.place), "row": document(row)} for row in rows[: request["limit"]]]
        return {"events": events, "next": events[-1]["cursor"] if events else request["after"]}

    def snapshot(self, request: Document) -> Iterator[Document]:
        # A connection of its own: what looks at the rows may write by the other one meanwhile.
        connection = connections[self.using].copy()
        try:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN DEFERRED")
                for name in request["tables"]:
                    model, key = MODELS[name], [column["name"] for column in TABLES[name]["key"]]
                    fields = [one.attname for one in model._meta.concrete_fields]
                    rows = self.rows(name).filter(organization=request["organization"]).order_by(*key)
                    cursor.execute(*rows.values_list(*fields).query.get_compiler(self.using).as_sql())
                    for values in cursor:
                        yield document(model(**dict(zip(fields, values, strict=True))))
        finally:
            connection.close()

    # Work

    def claim(self, request: Document) -> Document:
        work, clock = request["work"], int(self.clock())
        due, holder, until = work["due"], work["holder"], work["until"]
        free = Q(**{f"{holder}__isnull": True}) | Q(**{f"{until}__lte": clock})
        free |= Q(**{f"{until}__gt": clock + LONGEST_LEASE})
        key = [column["name"] for column in TABLES[work["table"]]["key"]]
        with self.write():
            rows = self.rows(work["table"]).filter(
                free, organization=request["organization"], **{f"{due}__lte": request["now"]}
            )
            claimed = [document(row) for row in rows.order_by(due, *key)[: request["limit"]]]
            for row in claimed:
                self.row(row).update(**{holder: request["by"], until: clock + request["lease_seconds"]})
        return {"rows": claimed}

    def release(self, request: Document) -> Document:
        work = request["work"]
        with self.write():
            for named in request["keys"]:
                mine = self.row(named).filter(**{work["holder"]: request["by"]})
                mine.update(**{work["holder"]: None, work["until"]: None})
        return {}

    # What is written

    def commit(self, change: Document) -> Document:
        try:
            with self.write():
                return {"revision": self.commit_within(change)}
        except Conflict as conflict:
            current = self.revision_of(change["subject_row"])
            return {"cause": conflict.cause, "table": conflict.table, "current": current}

    def committed(self, request: Document) -> Document:
        # A writer's transaction, so that a commit that is under way is waited for.
        with self.write():
            rows = self.rows("changes").filter(organization=request["organization"], change_id=request["change"])
            return {"revision": rows.values_list("revision", flat=True).first()}

    def commit_within(self, change: Document) -> int:
        """Writes a change, and tells its revision."""
        subject, noted = change["subject_row"], change["change_row"]
        before = self.row(noted).first()
        if before is not None:
            if before.device != noted["columns"]["device"]:
                raise fdescrow.MisuseError("a change of this id is another subject's")
            return int(before.revision)
        if self.revision_of(subject) != change["expected"]:
            raise Conflict("revision")
        if not all(self.holds(guard) for guard in change["guards"]):
            raise Conflict("guard")
        self.edit("replace" if change["expected"] else "insert", subject)
        for work in TABLES[subject["table"]]["works"]:
            self.row(subject).update(**{work["holder"]: None, work["until"]: None})
        for edit in change["edits"]:
            ((how, row),) = edit.items()
            self.edit(how, row)
        self.edit("insert", noted)
        return int(change["revision"])

    def revision_of(self, subject: Document) -> int:
        return self.row(subject).values_list("revision", flat=True).first() or 0

    def holds(self, guard: Document) -> bool:
        """Whether something is as the change takes it for."""
        if "absent" in guard:
            return not self.asked(guard["absent"]).exists()
        return self.revision_of(guard["revision"]["of"]) == guard["revision"]["is"]

    def edit(self, how: str, row: Document) -> None:
        """Writes one row, if what is there is as the edit says."""
        table, there = TABLES[row["table"]], self.row(row).first()
        if table["ordered"] and how != "insert":
            raise fdescrow.MisuseError("entries of the audit are only ever inserted")
        if how == "insert" and there is not None:
            raise Conflict("present", row["table"])
        if how in ("replace", "delete") and there is None:
            raise Conflict("absent", row["table"])
        if how == "replace":
            fixed = {column["name"] for column in table["columns"] if column["fixed"]}
            if any(getattr(there, name) != row["columns"][name] for name in fixed):
                raise Conflict("absent", row["table"])
            loose = {name: value for name, value in row["columns"].items() if name not in fixed}
            self.row(row).update(**loose, **({"body": row["body"]} if table["body"] else {}))
            return
        if how != "insert":
            self.row(row).delete()
        if how in ("insert", "put"):
            self.rows(row["table"]).create(**content(row))
