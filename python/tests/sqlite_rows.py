"""A store of an embedder's own: Python's sqlite3.

Written from docs/storage.md and docs/python.md alone; it knows no table by name.
"""

from __future__ import annotations

import functools
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

import fdescrow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = dict[str, Any]
Answers = list[Answer]

TABLES = {table["name"]: table for table in fdescrow.Store.schema()["tables"]}


def locked(method: Callable[[Any, Answer], Answer]) -> Callable[[Any, Answer], Answer]:
    """One at a time: there is one connection."""

    @functools.wraps(method)
    def alone(self: Any, request: Answer) -> Answer:
        with self.lock:
            return method(self, request)

    return alone


class Conflict(Exception):
    def __init__(self, cause: str, table: str | None = None) -> None:
        super().__init__(cause)
        self.cause, self.table = cause, table


class Database:
    """One SQLite file with the tables of the schema, and a clock that tests let go on."""

    def __init__(self, path: str) -> None:
        self.path, self.lock, self.clock = path, threading.RLock(), 0
        self.connection = self.connect()
        self.connection.execute("PRAGMA journal_mode = WAL")
        for table in TABLES.values():
            kinds = {"integer": "INTEGER", "text": "TEXT"}
            columns = [f"{c['name']} {kinds[c['kind']]}" for c in table["key"] + table["columns"]]
            columns += ["body TEXT"] * table["body"] + ["bytes BLOB"] * table["bytes"]
            for work in table["works"]:
                columns += [f"{work['holder']} TEXT", f"{work['until']} INTEGER"]
            if table["ordered"]:
                columns = ["place INTEGER PRIMARY KEY AUTOINCREMENT", *columns]
                key = "UNIQUE"
            else:
                key = "PRIMARY KEY"
            names = ", ".join(c["name"] for c in table["key"])
            self.connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table['name']} ({', '.join(columns)}, {key} ({names}))"
            )

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=60)
        connection.row_factory = sqlite3.Row
        return connection

    def now(self) -> int:
        return int(time.time()) + self.clock

    # Rows

    def document(self, name: str, row: sqlite3.Row) -> Answer:
        table = TABLES[name]
        document = {
            "table": name,
            "key": {c["name"]: row[c["name"]] for c in table["key"]},
            "columns": {c["name"]: row[c["name"]] for c in table["columns"]},
        }
        if table["body"]:
            document["body"] = row["body"]
        if table["bytes"]:
            document["bytes"] = row["bytes"]
        return document

    @staticmethod
    def content(row: Answer) -> Answer:
        content = {**row["key"], **row["columns"]}
        if "body" in row:
            content["body"] = row["body"]
        if "bytes" in row:
            content["bytes"] = row["bytes"]
        return content

    def by_key(self, row: Answer) -> tuple[str, list[Any]]:
        where = " AND ".join(f"{name} = ?" for name in row["key"])
        return where, list(row["key"].values())

    def find(self, row: Answer) -> Any:
        where, values = self.by_key(row)
        return self.connection.execute(f"SELECT * FROM {row['table']} WHERE {where}", values).fetchone()

    # Queries

    def where(self, query: Answer, *, cursor: bool = True) -> tuple[str, list[Any]]:
        terms, values = ["organization = ?"], [query["organization"]]
        for name, value in query["equal"].items():
            terms.append(f"{name} = ?")
            values.append(value)
        terms += [f"{name} IS NOT NULL" for name in query["not_null"]]
        order = query["order"]
        for bound, operator in (("from", ">="), ("to", "<=")):
            if bound in query:
                terms.append(f"{order[0]} {operator} ?")
                values.append(query[bound])
        if cursor and "after" in query:
            if order:
                operator = "<" if query["descending"] else ">"
                places = ", ".join("?" for _ in order)
                terms.append(f"({', '.join(order)}) {operator} ({places})")
                values += query["after"]
            else:
                terms.append("0")
        return " AND ".join(terms), values

    @locked
    def get(self, request: Answer) -> Answer:
        row = self.find(request)
        return {"row": row and self.document(request["table"], row)}

    @locked
    def list(self, query: Answer) -> Answer:
        where, values = self.where(query)
        direction = " DESC" if query["descending"] else ""
        order = ", ".join(name + direction for name in query["order"]) or "1"
        statement = f"SELECT * FROM {query['table']} WHERE {where} ORDER BY {order} LIMIT ?"
        rows = self.connection.execute(statement, [*values, query["limit"] + 1]).fetchall()
        documents = [self.document(query["table"], row) for row in rows[: query["limit"]]]
        return {"rows": documents, "more": len(rows) > query["limit"]}

    @locked
    def count(self, query: Answer) -> Answer:
        where, values = self.where(query, cursor=False)
        return {
            "count": self.connection.execute(f"SELECT count(*) FROM {query['table']} WHERE {where}", values).fetchone()[
                0
            ]
        }

    # Work

    @locked
    def claim(self, request: Answer) -> Answer:
        work, clock = request["work"], self.now()
        table = TABLES[work["table"]]
        key = [c["name"] for c in table["key"]]
        free = f"({work['holder']} IS NULL OR {work['until']} <= ? OR {work['until']} > ?)"
        self.connection.execute("BEGIN IMMEDIATE")
        rows = self.connection.execute(
            f"SELECT * FROM {table['name']} WHERE organization = ? AND {work['due']} <= ? "
            f"AND {free} ORDER BY {', '.join([work['due'], *key])} LIMIT ?",
            [request["organization"], request["now"], clock, clock + 3600, request["limit"]],
        ).fetchall()
        documents = [self.document(table["name"], row) for row in rows]
        for document in documents:
            where, values = self.by_key(document)
            self.connection.execute(
                f"UPDATE {table['name']} SET {work['holder']} = ?, {work['until']} = ? WHERE {where}",
                [request["by"], clock + request["lease_seconds"], *values],
            )
        self.connection.execute("COMMIT")
        return {"rows": documents}

    @locked
    def release(self, request: Answer) -> Answer:
        work = request["work"]
        for key in request["keys"]:
            where, values = self.by_key(key)
            self.connection.execute(
                f"UPDATE {key['table']} SET {work['holder']} = NULL, {work['until']} = NULL "
                f"WHERE {where} AND {work['holder']} = ?",
                [*values, request["by"]],
            )
        return {}

    # Changes

    def insert(self, row: Answer) -> None:
        if self.find(row):
            raise Conflict("present", row["table"])
        content = self.content(row)
        places = ", ".join("?" for _ in content)
        self.connection.execute(
            f"INSERT INTO {row['table']} ({', '.join(content)}) VALUES ({places})", list(content.values())
        )

    def replace(self, row: Answer) -> None:
        table = TABLES[row["table"]]
        fixed = [c["name"] for c in table["columns"] if c["fixed"]]
        there = self.find(row)
        if not there or any(there[name] != row["columns"][name] for name in fixed):
            raise Conflict("absent", row["table"])
        content = {name: row["columns"][name] for name in row["columns"] if name not in fixed}
        if table["body"]:
            content["body"] = row["body"]
        where, values = self.by_key(row)
        if content:
            sets = ", ".join(f"{name} = ?" for name in content)
            self.connection.execute(f"UPDATE {row['table']} SET {sets} WHERE {where}", [*content.values(), *values])

    def remove(self, key: Answer) -> None:
        where, values = self.by_key(key)
        self.connection.execute(f"DELETE FROM {key['table']} WHERE {where}", values)

    def revision_of(self, row: Answer) -> int:
        there = self.find(row)
        return there["revision"] if there else 0

    @locked
    def commit(self, change: Answer) -> Answer:
        subject = change["subject_row"]
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            before = self.find(change["change_row"])
            if before:
                if before["device"] != change["change_row"]["columns"]["device"]:
                    raise fdescrow.MisuseError("that is no change, or no cursor, of this store")
                self.connection.execute("ROLLBACK")
                return {"revision": before["revision"]}
            current = self.revision_of(subject)
            if current != change["expected"]:
                raise Conflict("revision")
            for guard in change["guards"]:
                if "absent" in guard:
                    holds = self.count(guard["absent"])["count"] == 0
                else:
                    holds = self.revision_of(guard["revision"]["of"]) == guard["revision"]["is"]
                if not holds:
                    raise Conflict("guard")
            if change["expected"] == 0:
                self.insert(subject)
            else:
                self.replace(subject)
            for work in TABLES[subject["table"]]["works"]:
                where, values = self.by_key(subject)
                self.connection.execute(
                    f"UPDATE {subject['table']} SET {work['holder']} = NULL, {work['until']} = NULL WHERE {where}",
                    values,
                )
            for edit in change["edits"]:
                ((kind, row),) = edit.items()
                if kind != "insert" and TABLES[row["table"]]["ordered"]:
                    raise fdescrow.MisuseError("that is no change, or no cursor, of this store")
                if kind == "insert":
                    self.insert(row)
                elif kind == "replace":
                    self.replace(row)
                elif kind == "put":
                    self.remove(row)
                    self.insert(row)
                else:
                    if kind == "delete" and not self.find(row):
                        raise Conflict("absent", row["table"])
                    self.remove(row)
            self.insert(change["change_row"])
            self.connection.execute("COMMIT")
            return {"revision": change["revision"]}
        except Conflict as conflict:
            self.connection.execute("ROLLBACK")
            return {"cause": conflict.cause, "table": conflict.table, "current": self.revision_of(subject)}
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise

    def commit_batch(self, changes: Answers) -> Answers:
        return [self.commit(change) for change in changes]

    @locked
    def committed(self, request: Answer) -> Answer:
        row = self.connection.execute(
            "SELECT revision FROM changes WHERE organization = ? AND change_id = ?",
            [request["organization"], request["change"]],
        ).fetchone()
        return {"revision": row and row["revision"]}

    @locked
    def events(self, request: Answer) -> Answer:
        if request["after"] and not (request["after"].isdigit() and len(request["after"]) < 19):
            raise fdescrow.MisuseError("that is no change, or no cursor, of this store")
        after = int(request["after"] or 0)
        rows = self.connection.execute(
            "SELECT * FROM audit WHERE organization = ? AND place > ? ORDER BY place LIMIT ?",
            [request["organization"], after, request["limit"]],
        ).fetchall()
        events = [{"cursor": str(row["place"]), "row": self.document("audit", row)} for row in rows]
        return {"events": events, "next": events[-1]["cursor"] if events else request["after"]}

    def snapshot(self, request: Answer) -> Iterator[Answer]:
        connection = self.connect()
        try:
            connection.execute("BEGIN")
            for name in request["tables"]:
                order = ", ".join(c["name"] for c in TABLES[name]["key"])
                statement = f"SELECT * FROM {name} WHERE organization = ? ORDER BY {order}"
                for row in connection.execute(statement, [request["organization"]]):
                    yield self.document(name, row)
        finally:
            connection.close()
