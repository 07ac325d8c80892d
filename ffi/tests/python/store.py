"""A store of an embedder's own: Python's sqlite3 behind the C ABI, and the conformance suite over it.

Written from docs/storage.md and docs/c-abi.md alone; it knows no table by name.
"""

import base64
import ctypes
import json
import os
import sqlite3
import sys
import tempfile
import threading
import time

OK, CONFLICT, UNAVAILABLE, MISUSE = 0, 401, 400, 430


class View(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("length", ctypes.c_size_t)]

    def text(self):
        return ctypes.string_at(self.data, self.length).decode() if self.length else ""


def view(text):
    data = text.encode()
    return View(data, len(data))


FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, View, ctypes.c_void_p)
FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
METHODS = ["get", "list", "count", "claim", "release", "commit", "commit_batch", "committed", "events", "snapshot"]


class Functions(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("context", ctypes.c_void_p), ("free", FREE)] + [
        (name, FUNCTION) for name in METHODS
    ]


OPEN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_bool, ctypes.POINTER(Functions))
WAIT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)


class Factory(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("context", ctypes.c_void_p), ("open", OPEN), ("wait", WAIT)]


library = ctypes.CDLL(sys.argv[1])
library.fdescrow_text_value.restype = View
library.fdescrow_text_value.argtypes = [ctypes.c_void_p]
library.fdescrow_text_free.argtypes = [ctypes.c_void_p]
library.fdescrow_error_message.restype = View
library.fdescrow_error_message.argtypes = [ctypes.c_void_p]
library.fdescrow_reply_append.argtypes = [ctypes.c_void_p, View, ctypes.c_void_p]
library.fdescrow_reply_row.restype = ctypes.c_bool
library.fdescrow_reply_row.argtypes = [ctypes.c_void_p, View]
library.fdescrow_store_schema.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
library.fdescrow_store_conformance.argtypes = [ctypes.c_void_p, View, ctypes.c_void_p, ctypes.c_void_p]


def taken(text):
    value = library.fdescrow_text_value(text).text()
    library.fdescrow_text_free(text)
    return json.loads(value)


def schema():
    out = ctypes.c_void_p()
    assert library.fdescrow_store_schema(ctypes.byref(out), None) == OK
    return {table["name"]: table for table in taken(out)["tables"]}


TABLES = schema()


class Conflict(Exception):
    def __init__(self, cause, table=None):
        super().__init__(cause)
        self.cause, self.table = cause, table


class Misuse(Exception):
    pass


class Database:
    """One SQLite file with the tables of the schema, and a clock that tests let go on."""

    def __init__(self, path):
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

    def connect(self):
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=60)
        connection.row_factory = sqlite3.Row
        return connection

    def now(self):
        return int(time.time()) + self.clock

    # Rows

    def document(self, name, row):
        table = TABLES[name]
        document = {
            "table": name,
            "key": {c["name"]: row[c["name"]] for c in table["key"]},
            "columns": {c["name"]: row[c["name"]] for c in table["columns"]},
        }
        if table["body"]:
            document["body"] = row["body"]
        if table["bytes"]:
            document["bytes"] = base64.b64encode(row["bytes"]).decode()
        return document

    @staticmethod
    def content(row):
        content = {**row["key"], **row["columns"]}
        if "body" in row:
            content["body"] = row["body"]
        if "bytes" in row:
            content["bytes"] = base64.b64decode(row["bytes"])
        return content

    def by_key(self, row):
        where = " AND ".join(f"{name} = ?" for name in row["key"])
        return where, list(row["key"].values())

    def find(self, row):
        where, values = self.by_key(row)
        return self.connection.execute(f"SELECT * FROM {row['table']} WHERE {where}", values).fetchone()

    # Queries

    def where(self, query, cursor=True):
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

    def get(self, request):
        row = self.find(request)
        return {"row": row and self.document(request["table"], row)}

    def list(self, query):
        where, values = self.where(query)
        direction = " DESC" if query["descending"] else ""
        order = ", ".join(name + direction for name in query["order"]) or "1"
        statement = f"SELECT * FROM {query['table']} WHERE {where} ORDER BY {order} LIMIT ?"
        rows = self.connection.execute(statement, [*values, query["limit"] + 1]).fetchall()
        documents = [self.document(query["table"], row) for row in rows[: query["limit"]]]
        return {"rows": documents, "more": len(rows) > query["limit"]}

    def count(self, query):
        where, values = self.where(query, cursor=False)
        return {"count": self.connection.execute(f"SELECT count(*) FROM {query['table']} WHERE {where}", values).fetchone()[0]}

    # Work

    def claim(self, request):
        work, clock = request["work"], self.now()
        table = TABLES[work["table"]]
        key = [c["name"] for c in table["key"]]
        free = f"({work['holder']} IS NULL OR {work['until']} <= ? OR {work['until']} > ?)"
        self.connection.execute("BEGIN IMMEDIATE")
        rows = self.connection.execute(
            f"SELECT * FROM {table['name']} WHERE organization = ? AND {work['due']} IS NOT NULL AND {work['due']} <= ? "
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

    def release(self, request):
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

    def insert(self, row):
        if self.find(row):
            raise Conflict("present", row["table"])
        content = self.content(row)
        places = ", ".join("?" for _ in content)
        self.connection.execute(
            f"INSERT INTO {row['table']} ({', '.join(content)}) VALUES ({places})", list(content.values())
        )

    def replace(self, row):
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

    def remove(self, key):
        where, values = self.by_key(key)
        self.connection.execute(f"DELETE FROM {key['table']} WHERE {where}", values)

    def revision_of(self, row):
        there = self.find(row)
        return there["revision"] if there else 0

    def commit(self, change):
        subject = change["subject_row"]
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            before = self.find(change["change_row"])
            if before:
                if before["device"] != change["change_row"]["columns"]["device"]:
                    raise Misuse
                self.connection.execute("ROLLBACK")
                return OK, {"revision": before["revision"]}
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
                    f"UPDATE {subject['table']} SET {work['holder']} = NULL, {work['until']} = NULL WHERE {where}", values
                )
            for edit in change["edits"]:
                ((kind, row),) = edit.items()
                if kind != "insert" and TABLES[row["table"]]["ordered"]:
                    raise Misuse
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
            return OK, {"revision": change["revision"]}
        except Conflict as conflict:
            self.connection.execute("ROLLBACK")
            answer = {"cause": conflict.cause, "table": conflict.table, "current": self.revision_of(subject)}
            return CONFLICT, answer
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise

    def commit_batch(self, request):
        results = []
        for change in request["changes"]:
            number, answer = self.commit(change)
            results.append({"result": number, **answer})
        return {"results": results}

    def committed(self, request):
        row = self.connection.execute(
            "SELECT revision FROM changes WHERE organization = ? AND change_id = ?",
            [request["organization"], request["change"]],
        ).fetchone()
        return {"revision": row and row["revision"]}

    def events(self, request):
        if request["after"] and not (request["after"].isdigit() and len(request["after"]) < 19):
            raise Misuse
        after = int(request["after"] or 0)
        rows = self.connection.execute(
            "SELECT * FROM audit WHERE organization = ? AND place > ? ORDER BY place LIMIT ?",
            [request["organization"], after, request["limit"]],
        ).fetchall()
        events = [{"cursor": str(row["place"]), "row": self.document("audit", row)} for row in rows]
        return {"events": events, "next": events[-1]["cursor"] if events else request["after"]}

    def snapshot(self, request, reply):
        connection = self.connect()
        connection.execute("BEGIN")
        for name in request["tables"]:
            order = ", ".join(c["name"] for c in TABLES[name]["key"])
            statement = f"SELECT * FROM {name} WHERE organization = ? ORDER BY {order}"
            for row in connection.execute(statement, [request["organization"]]):
                if not library.fdescrow_reply_row(reply, view(json.dumps(self.document(name, row)))):
                    connection.close()
                    return
        connection.close()


# What C holds must live as long as C holds it.
kept = []
folder = tempfile.mkdtemp(dir=os.environ.get("TMPDIR"))
current = None
freed = 0


def function(database, method):
    def call(_context, request, reply):
        try:
            document = json.loads(request.text())
            if method == "snapshot":
                database.snapshot(document, reply)
                return OK
            with database.lock:
                answer = getattr(database, method)(document)
            number = OK
            if method == "commit":
                number, answer = answer
            library.fdescrow_reply_append(reply, view(json.dumps(answer)), None)
            return number
        except Misuse:
            return MISUSE
        except sqlite3.OperationalError as error:
            print(method, error, file=sys.stderr)
            return UNAVAILABLE

    return FUNCTION(call)


def free(_context):
    global freed
    freed += 1


def open_store(_context, again, functions):
    global current
    if not again or current is None:
        current = Database(os.path.join(folder, f"{len(kept)}.db"))
    filled = functions.contents
    filled.version = 1
    filled.free = FREE(free)
    kept.append(filled.free)
    for method in METHODS:
        # commit_batch may be missing: every other store has none.
        if method == "commit_batch" and len(kept) % 2:
            continue
        call = function(current, method)
        kept.append(call)
        setattr(filled, method, call)
    return OK


def wait(_context, seconds):
    current.clock += seconds


def main():
    factory = Factory(1, None, OPEN(open_store), WAIT(wait))
    out, error = ctypes.c_void_p(), ctypes.c_void_p()
    name = sys.argv[2] if len(sys.argv) > 2 else ""
    number = library.fdescrow_store_conformance(ctypes.byref(factory), view(name), ctypes.byref(out), ctypes.byref(error))
    if number != OK:
        sys.exit(library.fdescrow_error_message(error).text())
    outcomes = taken(out)
    failed = [outcome for outcome in outcomes if not outcome["passed"]]
    for outcome in failed:
        print(f"{outcome['case']}: {outcome['promise']}\n    {outcome['problem']}", file=sys.stderr)
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} promises kept, {freed} stores freed")
    sys.exit(1 if failed else 0)


main()
